package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Terminal;
import ringfence.process.BadInputException;
import ringfence.process.ExitCode;
import ringfence.vmm.observe.Order;
import ringfence.vmm.observe.PrometheusText;
import ringfence.vmm.observe.RunningVm;
import ringfence.vmm.observe.Top;
import ringfence.vmm.observe.VmFinder;
import ringfence.vmm.observe.VmList;

/** {@code ringfence ps}, {@code top} and {@code metrics}. */
final class ObserveCommands {
    private static final double LEAST_SECONDS = 0.1;
    private static final double MOST_SECONDS = 3600;
    private static final double NANOS = 1e9;

    private final Linux linux;
    private final PrintStream out;

    ObserveCommands(Linux linux, PrintStream out) {
        this.linux = linux;
        this.out = out;
    }

    private Optional<ParseResult> read(CommandSpec model, List<String> words) {
        return PicocliReader.parse(new CommandLine(model), words, out);
    }

    /** Lists VMs. @return the exit code */
    int ps(List<String> words) {
        read(ObserveModels.ps(), words).ifPresent(said -> {
            List<RunningVm> vms = new VmFinder(linux).find();
            if (said.hasMatchedOption(ObserveModels.JSON)) {
                out.println(VmList.json(vms));
            } else {
                VmList.table(vms).forEach(out::println);
            }
        });
        return ExitCode.OK;
    }

    /** Prints counters. @return the exit code */
    int metrics(List<String> words) {
        read(ObserveModels.metrics(), words).ifPresent(_ -> out.print(PrometheusText.of(new VmFinder(linux).find())));
        return ExitCode.OK;
    }

    /** Shows activity. @return the exit code */
    int top(List<String> words) throws InterruptedException {
        Optional<ParseResult> said = read(ObserveModels.top(), words);
        if (said.isEmpty()) {
            return ExitCode.OK;
        }
        long times = times(said.get());
        Top top = new Top(new VmFinder(linux), out, interval(said.get()), order(said.get()));
        if (said.get().hasMatchedOption(ObserveModels.JSON)) {
            top.printJson(times);
            return ExitCode.OK;
        }
        if (said.get().hasMatchedOption(ObserveModels.BATCH)) {
            top.print(times);
            return ExitCode.OK;
        }
        Fd input = Fd.own(linux.kernel(), 0); // ours as long as the process is there
        Optional<Terminal> terminal = Terminal.of(linux, input);
        if (terminal.isEmpty() || Terminal.of(linux, Fd.own(linux.kernel(), 1)).isEmpty()) {
            throw new BadInputException("top: this is no terminal: give --batch for text");
        }
        top.show(terminal.get(), System.in, times);
        return ExitCode.OK;
    }

    private static long times(ParseResult said) {
        String text = said.matchedOptionValue(ObserveModels.TIMES, "0");
        if (!text.matches("[0-9]{1,9}") || said.hasMatchedOption(ObserveModels.TIMES) && text.matches("0+")) {
            throw new BadInputException(ObserveModels.TIMES + " '" + text + "': give a number from 1 on");
        }
        return Long.parseLong(text);
    }

    private static long interval(ParseResult said) {
        String text = said.matchedOptionValue(ObserveModels.DELAY, "1");
        try {
            double seconds = Double.parseDouble(text);
            if (seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) {
                return (long) (seconds * NANOS);
            }
        } catch (NumberFormatException _) {
            // as one that is out of range
        }
        throw new BadInputException(ObserveModels.DELAY + " '" + text + "': give seconds, from 0.1 to 3600");
    }

    private static Order order(ParseResult said) {
        String word = said.matchedOptionValue(ObserveModels.SORT, Order.EXITS.word());
        return Order.of(word)
                .orElseThrow(() -> new BadInputException(ObserveModels.SORT + " '" + word + "' is none of "
                        + Order.words().replace("|", ", ")));
    }
}
