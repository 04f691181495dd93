package ringfence.vmm.cli;

import ringfence.option.FlagSyntax;
import ringfence.option.Json;

/** An option of one of {@code ch-remote}'s commands: its flag, and the member of the body that it becomes. */
enum RemoteOption {
    CPUS("--cpus", "desired_vcpus", false),
    MEMORY("--memory", "desired_ram", true),
    BALLOON("--balloon", "desired_balloon", true),
    DISK("--disk", "id", false),
    DISK_SIZE("--size", "desired_size", true),
    ID("--id", "id", false),
    ZONE_SIZE("--size", "desired_ram", true);

    private final String flag;
    private final String field;
    private final boolean size;

    RemoteOption(String flag, String field, boolean size) {
        this.flag = flag;
        this.field = field;
        this.size = size;
    }

    String flag() {
        return flag;
    }

    String field() {
        return field;
    }

    /** The member's value. @throws ringfence.option.OptionException if the text is no number or no size */
    Json value(String text) {
        if (size) {
            return new Json.Num(FlagSyntax.size(text));
        }
        return this == CPUS ? new Json.Num(FlagSyntax.number(text)) : new Json.Str(text);
    }
}
