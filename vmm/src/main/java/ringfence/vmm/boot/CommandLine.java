package ringfence.vmm.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Checks a kernel's command line and makes its bytes. */
final class CommandLine {
    private CommandLine() {}

    /**
     * Its UTF-8 bytes with the ending zero.
     *
     * @param limit greatest number of bytes without the zero
     * @throws BootException COMMAND_LINE
     */
    static byte[] bytes(String line, int limit) {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        if (text.length > limit) {
            throw new BootException(
                    BootException.Reason.COMMAND_LINE,
                    "command line of " + text.length + " bytes: this kernel takes at most " + limit);
        }
        for (int i = 0; i < text.length; i++) {
            if (text[i] >= 0 && text[i] < ' ' && text[i] != '\t') {
                throw new BootException(
                        BootException.Reason.COMMAND_LINE,
                        "command line: control character 0x%02x at byte %d".formatted(text[i], i));
            }
        }
        return Arrays.copyOf(text, text.length + 1);
    }
}
