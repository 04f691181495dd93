package ringfence.vmm.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import ringfence.vmm.observe.Order;

/** The models of {@code ringfence ps}, {@code top}, {@code metrics} and {@code doctor}. */
final class ObserveModels {
    static final String JSON = "--json";
    static final String BATCH = "--batch";
    static final String TIMES = "--iterations";
    static final String DELAY = "--delay";
    static final String SORT = "--sort";

    private ObserveModels() {}

    static CommandSpec ps() {
        CommandSpec spec = command(
                "ringfence ps",
                "Lists the virtual machines that run: this user's, or for root all of this host. Nobody is asked, so"
                        + " one that hangs is listed, too.",
                "  ringfence ps",
                "  ringfence ps --json | jq '.[] | select(.devices[].state != \"connected\")'");
        return spec.addOption(flag("as a list of JSON objects", JSON));
    }

    static CommandSpec metrics() {
        return command(
                "ringfence metrics",
                "Prints what the virtual machines that run count, and their devices' processes, as Prometheus reads it"
                        + " (text format 0.0.4).",
                "  ringfence metrics >/var/lib/node_exporter/ringfence.prom.new &&",
                "    mv /var/lib/node_exporter/ringfence.prom.new /var/lib/node_exporter/ringfence.prom");
    }

    static CommandSpec top() {
        CommandSpec spec = command(
                "ringfence top",
                "Shows what the virtual machines that run do, and each of their devices, in rates since the look"
                    + " before. Keys: q ends; e, o, b, m and p sort by exits, operations, bytes, memory and process.",
                "  ringfence top",
                "  ringfence top --batch -n 2 --delay 5",
                "  ringfence top --json -n 1 | jq '.vms[].exits_per_second'");
        spec.addOption(flag("as JSON, an object in a line each time", JSON));
        spec.addOption(flag("as text, one table after the other, for scripts and files", BATCH, "-b"));
        spec.addOption(value("<n>", "end after so many; without it, at q or with the reader", TIMES, "-n"));
        spec.addOption(value("<seconds>", "between two looks, 0.1 to 3600 (1)", DELAY, "-d"));
        return spec.addOption(value(Order.words(), "by what (exits)", SORT));
    }

    static CommandSpec doctor() {
        CommandSpec spec = command(
                "ringfence doctor",
                "Says what of this host is fit for what, as this user, by trying it: a line with ok, warn or fail"
                        + " each, and what would help. Exit status 1 if no VM can run here.",
                "  ringfence doctor",
                "  ringfence doctor --json | jq -r '.[] | select(.verdict != \"ok\") | .remedy'");
        return spec.addOption(flag("as a list of JSON objects", JSON));
    }

    private static CommandSpec command(String name, String description, String... examples) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage()
                .description(description)
                .width(100)
                .footerHeading(PicocliReader.EXAMPLES)
                .footer(examples);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("print this help")
                .build());
        return spec;
    }

    private static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names)
                .arity("0")
                .type(boolean.class)
                .description(description)
                .build();
    }

    private static OptionSpec value(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .arity("1")
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }
}
