package ringfence.vmm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.process.LogLevel;
import ringfence.process.Logs;
import ringfence.process.Program;
import ringfence.vmm.config.ConsoleMode;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.MacAddress;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;

class CommandsTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private String kernel;
    private VmConfig config;
    private RuntimeOptions options;
    private Optional<ApiSocket> apiSocket;
    private EventSink events;

    @BeforeEach
    void aKernel() throws Exception {
        kernel = Files.writeString(directory.resolve("vmlinuz"), "kernel").toString();
    }

    @AfterEach
    void defaultLogs() {
        Logs.configure(LogLevel.WARN, Optional.empty());
    }

    /** Runs {@code cloud-hypervisor} with a machine that ends at once with 42. */
    private int cloudHypervisor(String... words) {
        return Program.run(
                "cloud-hypervisor",
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                () -> new CloudHypervisorCommand(Linux.system(), this::start, stdout()).run(List.of(words)));
    }

    private int ringfence(String... words) {
        return Program.run(
                "ringfence",
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                () -> new RingfenceCommand(Linux.system(), this::start, stdout()).run(List.of(words)));
    }

    private PrintStream stdout() {
        return new PrintStream(out, true, StandardCharsets.UTF_8);
    }

    private int start(Linux linux, Optional<VmConfig> c, RuntimeOptions o, Optional<ApiSocket> api, EventSink sink) {
        events = sink;
        config = c.orElse(null);
        options = o;
        apiSocket = api;
        return 42;
    }

    private String errors() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String image(String name, int size) throws Exception {
        return Files.write(directory.resolve(name), new byte[size]).toString();
    }

    @Test
    void aMachineOfFlags() throws Exception {
        String one = image("one", 1024);
        String two = image("two", 512);
        int code = cloudHypervisor(
                "--kernel",
                kernel,
                "--cmdline",
                "console=ttyS0 root=/dev/vda",
                "--cpus",
                "boot=2",
                "--memory=size=1G",
                "--disk",
                "path=" + one,
                "path=" + two + ",readonly=on",
                "--serial",
                "tty",
                "--console",
                "off",
                "--pvpanic",
                "--api-socket",
                "path=/tmp/api",
                "--no-shutdown",
                "-vv",
                "--rng",
                "src=/dev/random",
                "--net",
                "tap=tap0,ip=10.0.0.1,mask=255.255.0.0",
                "mac=52:54:00:00:00:01",
                "--net",
                "vhost_user=on,socket=/run/net,vhost_mode=server,num_queues=4",
                "--fs",
                "tag=share,socket=/run/fs",
                "tag=home,path=/",
                "--fs=tag=tmp,path=/tmp,readonly=on");
        assertThat(errors()).isEmpty();
        assertThat(code).isEqualTo(42);
        assertThat(config.payload().cmdline()).isEqualTo("console=ttyS0 root=/dev/vda");
        assertThat(config.cpus().bootVcpus()).isEqualTo(2);
        assertThat(config.memory().size()).isEqualTo(1L << 30);
        assertThat(config.disks()).extracting(DiskConfig::id).containsExactly("_disk0", "_disk1");
        assertThat(config.disks()).extracting(DiskConfig::readonly).containsExactly(false, true);
        assertThat(config.serial().mode()).isEqualTo(ConsoleMode.TTY);
        assertThat(config.console().mode()).isEqualTo(ConsoleMode.OFF);
        assertThat(config.nets()).extracting(NetConfig::id).containsExactly("_net0", "_net1", "_net2");
        assertThat(config.nets().get(1).mac().orElseThrow()).hasToString("52:54:00:00:00:01");
        assertThat(config.nets())
                .as("those that are given none get one, each its own")
                .extracting(net -> net.mac().orElseThrow())
                .allMatch(MacAddress::isUnicast)
                .doesNotHaveDuplicates();
        assertThat(config.nets().get(2).backend()).isEqualTo(new NetBackend.Socket("/run/net", NetBackend.Mode.SERVER));
        assertThat(config.fs()).extracting(FsConfig::tag).containsExactly("share", "home", "tmp");
        assertThat(config.fs()).extracting(FsConfig::id).containsExactly("_fs0", "_fs1", "_fs2");
        assertThat(config.rng().src()).isEqualTo("/dev/random");
        assertThat(config.pvpanic()).isTrue();
        assertThat(options.noShutdown()).isTrue();
        assertThat(apiSocket.flatMap(ApiSocket::path)).contains("/tmp/api");
    }

    /** The quick reader and picocli are two readers of one language. */
    @Test
    void bothReadersReadTheSame() throws Exception {
        List<String> words = List.of(
                "--kernel",
                "/k",
                "--disk",
                "path=a",
                "path=b",
                "--disk=path=c",
                "--net",
                "tap=a",
                "tap=b",
                "--net=tap=c",
                "--fs",
                "tag=a",
                "tag=b",
                "-v",
                "-vv",
                "--cpus=boot=3",
                "--no-shutdown",
                "--cmdline",
                "a=b -- c",
                "--landlock");
        Arguments quick = QuickReader.read(words).orElseThrow();
        Arguments slow =
                PicocliReader.readRun("x", new String[] {"y"}, words, stdout()).orElseThrow();
        for (Flag flag : Flags.list()) {
            assertThat(slow.all(flag.name())).as(flag.name()).isEqualTo(quick.all(flag.name()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "--disc path=/x | Unknown option",
                "--kernel KERNEL --disk path=/x --disc path=/y | Unknown option: '--disc'",
                "--kernel KERNEL --bogus | Unknown option: '--bogus'",
                "--kernel | Missing required parameter for option '--kernel'",
                "--cpus boot=1 --cpus boot=2 | option '--cpus' (<options>) should be specified only once",
                "--disk path=/x,readonyl=on | --disk unknown key 'readonyl'; did you mean 'readonly'?",
                "--disk size=4G | --disk unknown key 'size'",
                "--cpus boot=0 | --cpus boot: is 0, 1 to 8192 are possible",
                "--cpus boot=2,max=1 --kernel KERNEL | --cpus max: 1 is less than boot=2",
                "--memory size=0 --kernel KERNEL | --memory size: is 0",
                "--memory size=1000T --kernel KERNEL | --memory size: 1000T is more than this host has: at most",
                "--serial tyt | --serial mode: 'tyt' is none of off, null, pty, tty, file, socket",
                "--seccomp maybe | --seccomp 'maybe' is none of true, false, log, errno",
                "--pvpanic | --kernel: none is given",
                "--kernel /no/such | --kernel: /no/such: no such file",
                "--kernel /tmp | --kernel: /tmp is no regular file",
                "--kernel KERNEL --initramfs /no/initrd | --initramfs: /no/initrd: no such file",
                "--kernel KERNEL --disk path=/no/image | --disk _disk0 path: /no/image: no such file",
                "--kernel KERNEL --disk path=ODD | bytes, no multiple of 512",
                "--kernel KERNEL --disk path=/dev/null | is neither a regular file nor a block device",
                "--kernel KERNEL --api-socket LONG | --api-socket: a path of 120 bytes, 1 to 107 are possible",
                "--api-socket fd=x | --api-socket fd: 'x' is no descriptor's number: write fd=3, for instance",
                "--api-socket fd=999 | --api-socket fd: 999 is not open: let whoever starts the VMM hand it over",
                "--api-socket fd=0 | --api-socket fd: 0 is no Unix socket that listens: bind(2) one",
                "--kernel KERNEL --serial socket=LONG | --serial socket: a path of 120 bytes, 1 to 107 are possible",
                "--kernel KERNEL --console pty,iommu=on | --console key 'iommu' is not supported yet: leave it out",
                "--kernel KERNEL --disk vhost_user=on,socket=LONG | --disk _disk0 socket: a path of 120 bytes",
                "--net tpa=x | --net unknown key 'tpa'; did you mean 'tap'?",
                "--net mtu=1000 --kernel KERNEL | --net mtu: is 1000, 1280 to 65535 are possible",
                "--net num_queues=3 --kernel KERNEL | --net _net0 num_queues: 3 is odd",
                "--net fd=[999] --kernel KERNEL | --net _net0 fd: 999 is not open",
                "--fs tga=x,path=/ | --fs unknown key 'tga'; did you mean 'tag'?",
                "--fs path=/ | --fs lacks tag: give tag=<name>",
                "--fs tag=x | --fs path: is missing",
                "--fs tag=x,path=/,socket=/s | --fs path: goes to the daemon",
                "--kernel KERNEL --fs tag=x,path=/ --fs tag=x,path=/tmp | --fs _fs1 tag: 'x' is given twice",
                "--kernel KERNEL --fs tag=x,path=/no/folder | --fs _fs0 path: /no/folder: no such folder",
                "--kernel KERNEL --fs tag=x,path=/dev/null | --fs _fs0 path: /dev/null: no folder",
                "--kernel KERNEL --fs tag=x,socket=LONG | --fs _fs0 socket: a path of 120 bytes",
                "--kernel KERNEL --net vhost_user=on,socket=LONG | --net _net0 socket: a path of 120 bytes",
                "--kernel KERNEL --event-monitor= | --event-monitor: says neither path nor fd: give path=<path>",
                "--kernel KERNEL --event-monitor path= | --event-monitor path: is empty: name a file or a pipe",
                "--kernel KERNEL --event-monitor pth=/x | --event-monitor unknown key 'pth'; did you mean 'path'?",
                "--kernel KERNEL --event-monitor path=/x,fd=1 | --event-monitor: says path and fd: give one of them",
                "--kernel KERNEL --event-monitor path=/no/x | --event-monitor path: /no/x: no such folder: check the"
                        + " path",
                "--kernel KERNEL --event-monitor path=/tmp | --event-monitor path: /tmp: is a folder: name a file",
                "--kernel KERNEL --event-monitor fd=999 | --event-monitor fd: 999 is not open: let whoever starts the",
                "--kernel KERNEL --event-monitor fd=x | --event-monitor fd",
                "--config /no/file | --config /no/file: cannot be read: check the path",
                "--config KERNEL | --config KERNEL: not JSON: no value at character 1",
                "--config KERNEL --disk path=x | --config says all of the machine: leave --disk out, or write it there",
                "--kernel KERNEL --log-file /no/dir/log | cannot write the log file /no/dir/log"
            })
    void badInputIsOneLineAndCode2(String words, String line) throws Exception {
        String odd = image("odd", 1000);
        String[] arguments = java.util.Arrays.stream(words.split(" ", -1))
                .map(w -> w.replace("KERNEL", kernel).replace("ODD", odd).replace("LONG", "/" + "x".repeat(119)))
                .toArray(String[]::new);
        assertThat(cloudHypervisor(arguments)).isEqualTo(2);
        assertThat(errors().lines()).hasSize(1);
        assertThat(errors()).startsWith("cloud-hypervisor: ").contains(line.replace("KERNEL", kernel));
        assertThat(config).isNull();
        assertThat(out()).isEmpty();
    }

    @Test
    void aMachineOfAFile() throws Exception {
        String disk = image("disk", 512);
        Path file = Files.writeString(
                directory.resolve("vm.json"),
                "{\"payload\": {\"kernel\": \"" + kernel + "\"}, \"cpus\": {\"boot_vcpus\": 2, \"max_vcpus\": 2},"
                        + " \"disks\": [{\"path\": \"" + disk + "\", \"colour\": \"red\"}]}");
        assertThat(ringfence("run", "--config", file.toString(), "--api-socket", "/tmp/api"))
                .isEqualTo(42);
        VmConfig read = config;
        assertThat(apiSocket.flatMap(ApiSocket::path)).contains("/tmp/api");
        assertThat(errors()).contains("--config " + file + ": of no effect").contains("disks[0].colour");
        assertThat(ringfence("run", "--kernel", kernel, "--cpus", "2", "--disk", "path=" + disk))
                .isEqualTo(42);
        assertThat(read).isEqualTo(config);
    }

    @Test
    void whatAFileOfAMachineLacksIsNamed() throws Exception {
        Path file = Files.writeString(directory.resolve("vm.json"), "{\"payload\": {}, \"disks\": [{\"path\": 1}]}");
        assertThat(ringfence("run", "--config", file.toString())).isEqualTo(2);
        assertThat(errors()).contains("--config " + file + ": disks[0].path");
    }

    @Test
    void severalMistakesAreALineEach() {
        assertThat(cloudHypervisor("--memory", "size=0", "--serial", "file")).isEqualTo(2);
        assertThat(errors().lines())
                .hasSize(3)
                .allSatisfy(line -> assertThat(line).startsWith("cloud-hypervisor: --"));
    }

    @Test
    void eventsAreToldWhereTheyWereAskedFor() throws Exception {
        Path file = directory.resolve("events");
        assertThat(cloudHypervisor("--kernel", kernel)).isEqualTo(42);
        assertThat(events).isSameAs(EventSink.NONE);
        assertThat(ringfence("run", "--kernel", kernel, "--event-monitor", "path=" + file))
                .isEqualTo(42);
        assertThat(file).isEmptyFile();
        events.tell(Event.Vmm.STARTING);
        assertThat(file).as("the stream has ended with the machine").isEmptyFile();
        assertThat(errors()).isEmpty();
    }

    @Test
    void versionAndHelp() {
        assertThat(cloudHypervisor("--version")).isZero();
        assertThat(out()).matches("cloud-hypervisor v\\d+\\.\\d+\\.\\d+\nRingfence \\d+\\.\\d+\\.\\d+\n");
        out.reset();
        assertThat(ringfence("--version")).isZero();
        assertThat(out()).matches("ringfence \\d+\\.\\d+\\.\\d+\n");
        out.reset();
        assertThat(ringfence("run", "--help")).isZero();
        assertThat(out())
                .contains(
                        "--kernel=<path>", "--disk", "readonly=on|off  the guest cannot write (off)", "--no-shutdown");
        assertThat(errors()).isEmpty();
    }

    @Test
    void ringfenceHasCommands() {
        assertThat(ringfence("run", "--kernel", kernel)).isEqualTo(42);
        assertThat(ringfence()).isEqualTo(2);
        assertThat(out()).contains("run", "Usage: ringfence");
        assertThat(ringfence("rum")).isEqualTo(2);
        assertThat(errors()).contains("no command").contains("did you mean");
    }

    @Test
    void whatHasNoEffectYetIsSaid() {
        assertThat(cloudHypervisor("--kernel", kernel, "--seccomp", "true", "--memory", "size=512M,reserve=on"))
                .isEqualTo(42);
        assertThat(errors())
                .contains("--memory reserve without hugepages=on has no effect yet")
                .doesNotContain("--seccomp");
    }

    /** All that {@code cloud-hypervisor --help} lists, by the features that it may be built with, and what it had once. */
    private static final String THEIR_FLAGS = "--api-socket --balloon --cmdline --console --cpus --dbus-object-path"
            + " --dbus-service-name --dbus-system-bus --debug-console --device --disk --event-monitor --firmware --fs"
            + " --fw-cfg-config --gdb --generic-vhost-user --host-data --igvm --initramfs --ivshmem --kernel --landlock"
            + " --landlock-rules --log-file --log-format --memory --memory-zone --net --no-shutdown --numa"
            + " --pci-segment --platform --pmem --pvmemcontrol --pvpanic --rate-limit-group --restore --rng --rtc"
            + " --seccomp --serial --sgx-epc --tpm --user-device -v --vdpa --vsock --watchdog";

    /** Whoever has a flag of Cloud Hypervisor's that there is not yet hears what to do instead. */
    @Test
    void everyFlagOfCloudHypervisorsIsKnown() {
        List<String> missing = new ArrayList<>();
        for (String flag : THEIR_FLAGS.split(" ", -1)) {
            if (Flags.find(flag).isEmpty()) {
                errors.reset();
                assertThat(cloudHypervisor("--kernel", kernel, "--disk", "path=/x", flag, "path=/y"))
                        .as(flag)
                        .isEqualTo(2);
                assertThat(errors()).startsWith("cloud-hypervisor: " + flag + " is not supported yet: ");
                assertThat(errors().lines()).as(flag).hasSize(1);
                missing.add(flag);
            }
        }
        assertThat(missing).contains("--firmware", "--restore", "--device").hasSize(20);
        assertThat(config).isNull();
    }

    @Test
    void aFlagThatThereIsNotYetIsToldHoweverItIsWritten() {
        assertThat(cloudHypervisor("--restore=source_url=file:///x", "--net", "tap=x", "--tpm", "socket=/y"))
                .isEqualTo(2);
        assertThat(errors())
                .isEqualTo(
                        "cloud-hypervisor: --restore is not supported yet: there are no snapshots: boot the VM anew\n"
                                + "cloud-hypervisor: --tpm is not supported yet: there is no TPM: leave it out\n");
    }

    @Test
    void aMachineOfAFileMayAskToBeConfinedWhereItIs() throws Exception {
        Path file = Files.writeString(
                directory.resolve("vm.json"),
                "{\"payload\": {\"kernel\": \"" + kernel + "\"}, \"landlock_enable\": true}");
        assertThat(cloudHypervisor("--config", file.toString())).isEqualTo(2);
        assertThat(errors())
                .isEqualTo(
                        "cloud-hypervisor: --config " + file + ": landlock_enable: this VMM is not confined: start the"
                                + " VMM with --landlock, or leave it out\n");
    }

    @ParameterizedTest
    @CsvSource({"7", "0-3", "7-5", "65000-66000", "1-2147483648", "a-b", "1-99999999999"})
    void aRangeOfUsersIsOne(String range) {
        assertThat(cloudHypervisor("--kernel", kernel, "--daemon-uids", range)).isEqualTo(2);
        assertThat(errors())
                .isEqualTo("cloud-hypervisor: --daemon-uids '" + range + "' is no range of users: give FIRST-LAST, 1 to"
                        + " 2147483647, without 65534 (nobody)\n");
    }

    /** {@code --help} says that it takes root. */
    @Test
    void onlyRootGivesDaemonsUsersOfTheirOwn() throws Exception {
        FaultInjector faults = new FaultInjector(new NativeKernel());
        faults.inject(Syscall.GETEUID, FaultInjector.Matcher.ANY, (_, _, _) -> 1000);
        List<String> words = List.of("--kernel", kernel, "--daemon-uids", "70000-70009");
        assertThat(Program.run(
                        "cloud-hypervisor",
                        new PrintStream(errors, true, StandardCharsets.UTF_8),
                        () -> new CloudHypervisorCommand(new Linux(faults), this::start, stdout()).run(words)))
                .isEqualTo(2);
        assertThat(errors())
                .startsWith("cloud-hypervisor: --daemon-uids: only root")
                .contains("or start us as root");
        assumeThat(Linux.system().processes().effectiveUser()).isZero();
        Path folder = Files.createDirectory(directory.resolve("bin"));
        System.setProperty("ringfence.home", directory.toString());
        errors.reset();
        try {
            assertThat(cloudHypervisor(words.toArray(String[]::new))).isEqualTo(2);
            assertThat(errors()).contains("cannot reach " + folder).contains("chmod o+x");
        } finally {
            System.clearProperty("ringfence.home");
        }
    }

    /** Nothing is run that was to be confined and is not. */
    @Test
    void whoCannotConfineItselfDoesNotRun() {
        assertThat(cloudHypervisor("--kernel", kernel, "--landlock")).isEqualTo(2);
        assertThat(errors()).startsWith("cloud-hypervisor: --landlock: ").contains("leave it out");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --landlock-rules path=/x,access=r            | --landlock-rules does nothing without --landlock: give both
        --landlock --landlock-rules path=/x          | access
        --landlock --landlock-rules access=r         | path
        --landlock --landlock-rules path=/x,access=x | access
        --landlock --landlock-rules path=/no/such,access=rw | --landlock-rules path: /no/such: no such file: check the path
        """)
    void aRuleNamesWhatIsThereAndSaysHow(String flags, String complaint) {
        List<String> words = new ArrayList<>(List.of("--kernel", kernel));
        words.addAll(List.of(flags.split(" ", -1)));
        assertThat(cloudHypervisor(words.toArray(String[]::new))).isEqualTo(2);
        assertThat(errors()).contains("--landlock-rules").contains(complaint);
    }
}
