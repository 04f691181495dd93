package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;
import ringfence.process.BadInputException;
import ringfence.vmm.config.LandlockRule;
import ringfence.vmm.config.VmConfig;

/** A machine in a file, as {@code vm.create} takes it. */
final class ConfigFile {
    private static final int MOST = 4 << 20; // as much as the API takes

    private ConfigFile() {}

    /**
     * Reads it.
     *
     * @param landlock what the VMM may reach beside what it is told of; empty: it is not confined
     * @param warnings members that are not known are told there
     * @throws OptionException one line that names the file and the member
     * @throws BadInputException if it cannot be read
     */
    static VmConfig read(String path, Optional<List<LandlockRule>> landlock, List<String> warnings) {
        String where = Flags.CONFIG + " " + path + ":";
        try {
            Json json = JsonReader.read(text(path));
            VmConfig config = VmConfig.TABLE.read(json).confined(landlock);
            List<String> unknown = VmConfig.TABLE.unknown((Json.Obj) json);
            if (!unknown.isEmpty()) {
                warnings.add(where + " of no effect, for they are not known: " + String.join(", ", unknown));
            }
            return config;
        } catch (OptionException e) {
            throw e.within(where);
        } catch (IOException e) {
            throw new BadInputException(where + " cannot be read: check the path (" + e.getMessage() + ")", e);
        }
    }

    private static String text(String path) throws IOException {
        try (var file = Files.newInputStream(Path.of(path))) {
            byte[] bytes = file.readNBytes(MOST + 1);
            if (bytes.length > MOST) {
                throw new OptionException("is larger than " + (MOST >> 20) + " MiB: no machine needs that much");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
