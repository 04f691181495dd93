package ringfence.vmm.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

/**
 * Fuzz target: any text as the configuration of a VM. It is refused with one line, or it stands for a value that is
 * written and read again without a change: JSON as JSON, and a configuration as a configuration.
 */
class ConfigFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyText(byte[] data) {
        EXECUTIONS.run(data, this::text);
    }

    private void text(byte[] data) {
        Json json;
        try {
            json = JsonReader.read(new String(data, StandardCharsets.UTF_8));
        } catch (OptionException e) {
            line(e);
            return;
        }
        Json again = JsonReader.read(json.toString());
        same(again.equals(json), json + " is read again as " + again);
        VmConfig config;
        try {
            config = VmConfig.TABLE.read(json);
        } catch (OptionException e) {
            line(e);
            return;
        }
        VmConfig second = VmConfig.TABLE.read(VmConfig.TABLE.write(config));
        same(second.equals(config), config + " is read again as " + second);
    }

    private static void line(OptionException e) {
        same(e.getMessage() != null && !e.getMessage().isEmpty(), "a refusal without a word");
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
