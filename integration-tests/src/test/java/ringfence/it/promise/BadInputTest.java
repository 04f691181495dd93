package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.TinyKernel;

/** The built programs, given what they cannot use. */
class BadInputTest {
    private static final String LONG = "x".repeat(200);

    @TempDir
    Path directory;

    /** Exit code 2, nothing on standard output, and one line that names the option and what to do. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cloud-hypervisor|--cpus boot=1|--kernel|such as --kernel",
                "cloud-hypervisor|--kernel missing|--kernel: missing|check the path",
                "cloud-hypervisor|--kernel K --disk path=missing|--disk|check the path",
                "cloud-hypervisor|--kernel K --disk path=odd|--disk|truncate -s %512 odd",
                "cloud-hypervisor|--kernel K --disk path=even,readnly=on|--disk|did you mean 'readonly'",
                "cloud-hypervisor|--kernel K --cpus boot=100000|--cpus|are possible",
                "cloud-hypervisor|--kernel K --memory size=0|--memory|such as size=512M",
                "cloud-hypervisor|--kernel K --memory size=1000T|--memory|at most",
                "cloud-hypervisor|--kernel K --api-socket LONG|--api-socket|choose a shorter one",
                "cloud-hypervisor|--kernel K --net passt=on,num_queues=4 --cpus boot=2|--net|give 2",
                "cloud-hypervisor|--kernel K --net passt=on,tap=x|--net|leave it out",
                "cloud-hypervisor|--kernel K --net switch=LAN|--net|small letters",
                "cloud-hypervisor|--kernel K --net switch=lan,tap=x|--net|leave it out",
                "cloud-hypervisor|--kernel K --net switch=lan,ops_size=9,ops_refill_time=9|ops_size|with --limits",
                "cloud-hypervisor|--kernel K --fs path=.|--fs|give tag=",
                "cloud-hypervisor|--kernel K --fs tag=t|--fs|give path=",
                "cloud-hypervisor|--kernel K --fs tag=t,path=missing|--fs|check the path",
                "cloud-hypervisor|--kernel K --fs tag=t,path=odd|--fs|name one",
                "cloud-hypervisor|--kernel K --fs tag=t,path=. --fs tag=t,path=.|--fs|choose another one",
                "cloud-hypervisor|--kernel K --fs tag=t,socket=s,readonly=on|readonly|leave it out",
                "cloud-hypervisor|--kernel K --event-monitor path=missing/x|--event-monitor|check the path",
                "cloud-hypervisor|--kernel K --event-monitor fd=99|--event-monitor|hand it over",
                "ringfence|run --kernel K --event-monitor path=x,fd=1|--event-monitor|give one of them",
                "cloud-hypervisor|--kernel K --dsk|--dsk|--help",
                "vhost-user-blk|--blk-file=even --socket-path=odd|socket odd|remove it, or choose another path",
                "vhost-user-blk|--blk-file=even --socket-path LONG|socket path is too long|at most 107",
                "vhost-user-net|--socket-path=s|--backend|such as --backend=tap",
                "vhost-user-net|--socket-path=s --backend=tup|--backend|tap=NAME",
                "vhost-user-net|--backend=tap|--socket-path|--help",
                "vhost-user-net|--socket-path=s --backend=fd=0|--backend=fd=0|no queue of a tap",
                "vhost-user-net|--socket-path=s --backend=fd=99|--backend=fd=99|check how we were started",
                "vhost-user-net|--socket-path=s --backend=fd=5:6|--queue-pairs=1|one per pair",
                "vhost-user-net|--socket-path=s --backend=tap --queue-pairs=9|--queue-pairs|1 to 8",
                "vhost-user-net|--socket-path=s --backend=tap --mac=53:54:00:00:00:01|--mac|must be even",
                "vhost-user-net|--socket-path=s --backend=tap --ip=192.0.2.1|--ip|ADDRESS/LEN",
                "vhost-user-net|--socket-path=s --backend=tap --host-mac=53:54:00:00:00:01|--host-mac|must be even",
                "vhost-user-net|--socket-path=s --backend=fd=0 --ip=192.0.2.1/24|--ip|is not for --backend=fd",
                "vhost-user-net|--socket-path=s --backend=tap --mtu=67|--mtu|68 to 65535",
                "vhost-user-net|--socket-path=s --backend=tap=a-much-too-long-name|--backend=tap|choose a shorter",
                "vhost-user-net|--socket-path=s --backend=tap --counters=no/where|--counters=no/where|directory of"
                        + " yours",
                "vhost-user-net|--socket-path=s --backend=tap --counters=odd|--counters=odd|name a file that is new",
                "vhost-user-net|--socket-path=s --socket-path=t --backend=tap|--socket-path|only --backend=switch",
                "vhost-user-net|--socket-path=s --backend=switch --uplink=tup|--uplink|tap=NAME",
                "vhost-user-net|--socket-path=s --backend=switch --uplink=fd=99|--uplink=fd=99|check how we were"
                        + " started",
                "vhost-user-net|--socket-path=s --backend=switch --bind-mac|--bind-mac|a --mac per socket",
                "vhost-user-net|--socket-path=s --backend=tap --bind-mac|--bind-mac|only for --backend=switch",
                "vhost-user-net|--socket-path=s --socket-path=t --backend=switch --mac=52:54:00:00:00:01|--mac|per"
                        + " socket",
                "vhost-user-net|--socket-path=s --backend=switch --ip=192.0.2.1/24|--ip|--uplink=tap",
                "vhost-user-net|--socket-path=s --backend=switch --ports=33|--ports|1 to 32",
                "vhost-user-net|--socket-path=s --backend=tap --ports=2|--ports|only for --backend=switch",
                "vhost-user-net|--socket-path=s --socket-path=t --backend=switch --ports=2|--ports|give one",
                "vhost-user-net|--socket-path=s --backend=switch --ports=2 --mac=52:54:00:00:00:01|--mac|leave it out",
                "vhost-user-net|--socket-path=s --backend=switch --exit-when-unused=9|--exit-when-unused|only for"
                        + " --ports",
                "vhost-user-net|--socket-path=no/s --backend=switch --ports=2|no/s.lock|No such file",
                "vhost-user-net|--fd=0 --backend=switch --ports=2|--fd=0|no Unix socket that listens",
                "vhost-user-net|--socket-path=s --backend=passt=t|--backend=passt=t|passt --socket t",
                "vhost-user-net|--socket-path=s --backend=passt=t --queue-pairs=2|--queue-pairs|leave the option out",
                "vhost-user-net|--socket-path=s --backend=tap --limits=no|/no: cannot be read|check the path",
                "vhost-user-net|--socket-path=s --backend=tap --limits=odd|odd: a line is neither rx|correct",
                "vhost-user-net|--show-counters=odd|--show-counters=odd|name what a daemon's --counters names",
                "vhost-user-net|--socket-path=s --queue-pairs=x|--queue-pairs|--help",
            })
    void isOneLineAndExitCode2(String program, String words, String option, String remedy) throws Exception {
        makeFiles();
        assertThat(refusal(program, words))
                .singleElement()
                .satisfies(line -> assertThat(line).startsWith(program + ": ").contains(option, remedy));
    }

    @Test
    void passtThatIsNotInstalledIsNamedWithItsPackage() throws Exception {
        makeFiles();
        List<String> words = List.of("--kernel", "K", "--net", "passt=on");
        Process process = Programs.start(directory, "out", "cloud-hypervisor", words, Map.of("PATH", "/bin-of-nobody"));
        assertThat(refusal(process))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("--net", "passt is not installed", "apt install passt"));
    }

    /** What only an open KVM tells; any KVM does, also one that could not run the kernel. */
    @Test
    void moreProcessorsThanKvmAllowsAreRefused() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        makeFiles();
        assertThat(refusal("cloud-hypervisor", "--kernel K --cpus boot=8000"))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("--cpus boot", "8000", "at most"));
    }

    /** C-35: what only the kernel tells, when the vCPUs are there. */
    @Test
    void processorsThatTheHostHasNotAreNamed() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        makeFiles();
        assertThat(refusal("cloud-hypervisor", "--kernel K --console off --cpus boot=2,affinity=[1@[8190-8191]]"))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("--cpus affinity", "none of the CPUs [8190, 8191] of vCPU 1", "Cpus_allowed_list"));
    }

    /** The daemon that wanted it says so; the VMM, which may look into any process, says who has it. */
    @Test
    void aLockedImageIsRefusedWithItsHolder() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        makeFiles();
        Path socket = directory.resolve("s");
        Process holder = start("vhost-user-blk", "--blk-file=even --socket-path=" + socket, "holder");
        try {
            while (!Files.exists(socket)) {
                assertThat(holder.isAlive()).isTrue();
                Thread.sleep(20);
            }
            assertThat(refusal("cloud-hypervisor", "--kernel K --disk path=even"))
                    .anySatisfy(line -> assertThat(line).contains("even is in use: locked by", "end that"))
                    .anySatisfy(
                            line -> assertThat(line).contains("_disk0", "by vhost-user-blk (pid " + holder.pid() + ")"))
                    .hasSize(2);
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    /** The lines on standard error of a program that must end with exit code 2 and print nothing. */
    private List<String> refusal(String program, String words) throws Exception {
        return refusal(start(program, words, "out"));
    }

    private List<String> refusal(Process process) throws Exception {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("has ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        Path err = directory.resolve("out.err");
        assertThat(process.exitValue()).as(Files.readString(err)).isEqualTo(2);
        assertThat(directory.resolve("out")).isEmptyFile();
        return Files.readAllLines(err);
    }

    private Process start(String program, String words, String output) throws IOException {
        List<String> list = new ArrayList<>();
        for (String word : words.split(" ", -1)) {
            list.add(word.equals("LONG") ? LONG : word);
        }
        return Programs.start(directory, output, program, list);
    }

    private void makeFiles() throws IOException {
        Files.write(directory.resolve("K"), TinyKernel.halting());
        Files.write(directory.resolve("odd"), new byte[1000]);
        Files.write(directory.resolve("even"), new byte[1024]);
    }
}
