package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.process.ExitCode;
import ringfence.vmm.doctor.Doctor;
import ringfence.vmm.doctor.Finding;

/** {@code ringfence doctor}. */
final class DoctorCommand {
    private final Linux linux;
    private final PrintStream out;

    DoctorCommand(Linux linux, PrintStream out) {
        this.linux = linux;
        this.out = out;
    }

    /** Prints a line per check. @return 0, or 1 if no VM runs here */
    int run(List<String> words) {
        Optional<ParseResult> said = PicocliReader.parse(new CommandLine(ObserveModels.doctor()), words, out);
        if (said.isEmpty()) {
            return ExitCode.OK;
        }
        List<Finding> findings = Doctor.look(linux);
        if (said.get().hasMatchedOption(ObserveModels.JSON)) {
            out.println(new Json.Arr(findings.stream().map(Finding::json).toList()));
        } else {
            findings.forEach(finding -> out.println(finding.line()));
        }
        return findings.stream().anyMatch(finding -> finding.verdict() == Finding.Verdict.FAIL)
                ? ExitCode.FAILURE
                : ExitCode.OK;
    }
}
