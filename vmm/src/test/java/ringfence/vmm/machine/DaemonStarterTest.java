package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.process.BadInputException;
import ringfence.process.Program;
import ringfence.sandbox.FilterMode;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.HostProgram;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.UserRange;
import ringfence.vmm.config.VsockConfig;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DaemonUsers;
import ringfence.vmm.supervise.LastWill;
import ringfence.vmm.supervise.RuntimeDirectory;

/** What a network device's daemon and a shared folder's are started with, and what a socket to the host has instead of one. The daemon is a script here, which writes that down and refuses. */
@Timeout(60)
class DaemonStarterTest {
    @TempDir
    Path home;

    private final Linux linux = Linux.system();
    private FilterMode filters = FilterMode.TRUE;
    private Optional<UserRange> users = Optional.empty();

    /** What the device has logged is not for the standard error of the next test. */
    @AfterEach
    void dropsTheLog() {
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0);
    }

    /** Starts a daemon for this device, and waits until it has refused: its options, descriptors and privileges. */
    private List<String> startedWith(String net) throws Exception {
        return startedWith(
                "vhost-user-net", "_net0", (starter, memory) -> starter.net(NetConfig.TABLE.parse(net), memory));
    }

    private List<String> startedWith(String name, String id, BiFunction<DaemonStarter, MemoryTable, PluggedDevice> plug)
            throws Exception {
        Path report = home.resolve("report");
        Path program = home.resolve("bin").resolve(name);
        Files.createDirectories(program.getParent());
        Files.writeString(program, """
            #!/bin/sh
            {
                printf 'option %%s\\n' "$@"
                for fd in 3 4 5 6; do printf 'fd %%s ' $fd; readlink /proc/$$/fd/$fd || echo; done
                grep -e CapEff -e Uid -e Gid /proc/$$/status
                for o in "$@"; do
                    case $o in
                    --limits=*) sed 's/^/limit /' "${o#*=}" ;;
                    --counters=*) stat -c 'counters of %%s bytes' "${o#*=}"; test -w "${o#*=}" && echo "$? to write" ;;
                    esac
                done
            } >%1$s.new 2>&1
            mv %1$s.new %1$s
            exit 2
            """.formatted(report));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        MachineProxy proxy = proxy();
        GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
        try (RuntimeDirectory directory = RuntimeDirectory.create(linux);
                DaemonStarter starter = new DaemonStarter(
                        linux,
                        new RuntimeOptions(home, false, filters, users, Optional.empty()),
                        DaemonBoxes.ofPrivileges(),
                        directory,
                        proxy);
                VirtioDevice device = plug.apply(starter, ram.table()).device()) {
            assertThat(device.id()).isEqualTo(id);
            MachineCommand command = proxy.take();
            assertThat(command).isInstanceOfSatisfying(MachineCommand.DeviceRefused.class, refused -> {
                assertThat(refused.device()).isEqualTo(id);
                assertThat(refused.reason()).contains(name + " refuses");
            });
        }
        ram.close();
        return Files.readAllLines(report);
    }

    /** Of two VMMs that start at one path, at whatever moment, one has it; and it is free when that one is gone. */
    private MachineProxy proxy() {
        TerminalInput input = new TerminalInput(linux, Fd.own(linux.kernel(), 0)); // of which nobody reads
        return new MachineProxy(EventSink.NONE, new LastWill(linux, home), input);
    }

    @Test
    void aSocketIsOneVmsAndFreeWhenThatEnds() throws Exception {
        Path socket = home.resolve("vsock");
        VsockConfig vsock = VsockConfig.TABLE.parse("id=_vsock0,cid=3,socket=" + socket);
        MachineProxy proxy = proxy();
        RuntimeOptions options = new RuntimeOptions(home, false, FilterMode.TRUE, Optional.empty(), Optional.empty());
        DaemonBoxes boxes = DaemonBoxes.ofPrivileges();
        try (GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
                RuntimeDirectory directory = RuntimeDirectory.create(linux);
                DaemonStarter one = new DaemonStarter(linux, options, boxes, directory, proxy);
                DaemonStarter other = new DaemonStarter(linux, options, boxes, directory, proxy)) {
            try (VirtioDevice device = one.vsock(vsock, ram.table()).device()) {
                Files.delete(socket); // as if it were not there yet
                assertThatThrownBy(() -> other.vsock(vsock, ram.table()))
                        .isInstanceOf(BadInputException.class)
                        .hasMessage("--vsock socket " + socket + " is another VM's: give each VM its own");
                assertThat(device.id()).isEqualTo("_vsock0");
            }
            one.end("_vsock0");
            try (VirtioDevice device = other.vsock(vsock, ram.table()).device()) {
                assertThat(socket).exists();
                assertThat(device.id()).isEqualTo("_vsock0");
            }
            assertThat(socket).doesNotExist();
        }
    }

    /** C-74, C-80, C-81: by name, nothing of what is usual. */
    @Test
    void aDisksDaemonIsToldWhatIsUnusual() throws Exception {
        Path image = Files.write(home.resolve("image"), new byte[512]);
        String usual = "path=" + image + ",id=_disk0";
        assertThat(disk(usual)).noneMatch(option -> option.startsWith("--queue-cpus"));
        assertThat(disk(usual)).doesNotContain("--preallocate", "--lock-granularity=byte-range");
        assertThat(disk(usual + ",num_queues=2,queue_affinity=[0@[1,3-4],1@[0]],sparse=off,lock_granularity=full"))
                .contains("--queue-cpus=0@1,3,4", "--queue-cpus=1@0", "--preallocate", "--lock-granularity=full");
    }

    private List<String> disk(String disk) throws Exception {
        return options(startedWith(
                "vhost-user-blk", "_disk0", (starter, memory) -> starter.disk(DiskConfig.TABLE.parse(disk), memory)));
    }

    private static final String COUNTERS = "--counters=";

    /** All but the file of its counters, which {@link #aDaemonCountsInAFileOfTheVm} looks at. */
    private static List<String> options(List<String> report) {
        return all(report).filter(option -> !option.startsWith(COUNTERS)).toList();
    }

    private static Stream<String> all(List<String> report) {
        return report.stream().filter(line -> line.startsWith("option ")).map(line -> line.substring(7));
    }

    /** The file is there before the daemon, which may make none, and goes with the device. */
    @Test
    void aDaemonCountsInAFileOfTheVm() throws Exception {
        List<String> report = startedWith("id=_net0,mac=52:54:00:12:34:56");
        Path file = Path.of(all(report)
                .filter(option -> option.startsWith(COUNTERS))
                .findFirst()
                .orElseThrow()
                .substring(COUNTERS.length()));
        assertThat(file.getFileName().toString()).isEqualTo("_net0.counters");
        assertThat(file.getParent().getFileName().toString())
                .isEqualTo("vm-" + ProcessHandle.current().pid());
        assertThat(report).contains("counters of 0 bytes");
        assertThat(file).doesNotExist();
    }

    @Test
    void aTapIsOpenedByTheDaemonWhichKeepsThatPrivilegeOnly() throws Exception {
        List<String> report = startedWith("id=_net0,mac=52:54:00:12:34:56,tap=lan0,ip=10.1.0.1,mask=255.255.0.0,"
                + "host_mac=02:00:00:00:00:01,mtu=9000,num_queues=4,queue_size=512");
        assertThat(options(report))
                .containsExactly(
                        "--fd=3",
                        "--queue-pairs=2",
                        "--queue-size=512",
                        "--mac=52:54:00:12:34:56",
                        "--mtu=9000",
                        "--backend=tap=lan0",
                        "--ip=10.1.0.1/16",
                        "--host-mac=02:00:00:00:00:01");
        assertThat(report)
                .filteredOn(line -> line.startsWith("fd 3 "))
                .singleElement()
                .asString()
                .contains("socket:");
        assertThat(report).contains("fd 4 /memfd:heartbeat (deleted)");
        assumeThat(linux.processes().effectiveUser()).isZero();
        assertThat(report).as("CAP_NET_ADMIN").contains("CapEff:\t0000000000001000");
    }

    /** passt is the real one: it holds its end of the socket for as long as the daemon has the other. */
    @Test
    void passtIsStartedWithTheDaemonAndEndsWithIt() throws Exception {
        assumeThat(HostProgram.find("passt", System.getenv("PATH"))).isPresent();
        List<String> report = startedWith("id=_net0,mac=52:54:00:12:34:56,passt=on");
        assertThat(options(report))
                .containsExactly(
                        "--fd=3",
                        "--queue-pairs=1",
                        "--queue-size=256",
                        "--mac=52:54:00:12:34:56",
                        "--backend=passt=fd=4");
        assertThat(report)
                .filteredOn(line -> line.startsWith("fd 4 "))
                .singleElement()
                .asString()
                .contains("socket:");
        assertThat(ProcessHandle.current().children()).isEmpty();
        assumeThat(linux.processes().effectiveUser()).isZero();
        assertThat(report).contains("CapEff:\t0000000000000000");
    }

    @Test
    void limitsStandInAFileOfTheVm() throws Exception {
        List<String> report = startedWith("id=_net0,mac=52:54:00:12:34:56,bw_size=1M,bw_refill_time=100,"
                + "ops_size=10,ops_one_time_burst=5,ops_refill_time=1000");
        assertThat(options(report))
                .filteredOn(option -> option.startsWith("--limits="))
                .singleElement()
                .asString()
                .endsWith("/_net0.limits");
        String keys = "bw_size=1048576,bw_refill_time=100,ops_size=10,ops_one_time_burst=5,ops_refill_time=1000";
        assertThat(report).contains("limit rx=" + keys, "limit tx=" + keys);
    }

    /** Whatever this VM wants, the switch is started so that it does for any. */
    @Test
    void aSwitchIsStartedForAllWhoMayComeWithoutAnyPrivilege() throws Exception {
        int user = linux.processes().effectiveUser();
        Path folder =
                RuntimeDirectory.ofSwitch("test-" + ProcessHandle.current().pid(), user);
        try {
            List<String> report =
                    startedWith("id=_net0,mac=52:54:00:12:34:56,mtu=1500,num_queues=4,queue_size=512,switch="
                            + folder.getFileName());
            assertThat(options(report))
                    .containsExactly(
                            "--socket-path=" + folder + "/socket",
                            "--lock-fd=3",
                            "--backend=switch",
                            "--ports=32",
                            "--queue-pairs=8",
                            "--queue-size=1024",
                            "--exit-when-unused=60");
            assertThat(all(report)).contains(COUNTERS + folder + "/counters");
            assertThat(report).contains("fd 3 " + folder + "/socket.lock", "fd 4 ");
            assumeThat(user).isZero();
            assertThat(report).contains("CapEff:\t0000000000000000");
        } finally {
            for (String file : List.of("socket.lock", "log", "counters", "")) {
                Files.deleteIfExists(folder.resolve(file));
            }
        }
    }

    /** Its users' files are theirs; it loads no module, mounts nothing and looks into no other process. */
    @Test
    void aFoldersDaemonKeepsWhatFilesOfOthersTake() throws Exception {
        List<String> report = startedWith(
                "vhost-user-fs",
                "_fs0",
                (starter, memory) -> starter.fs(
                        FsConfig.TABLE.parse(
                                "id=_fs0,tag=work,path=/srv,num_queues=2,queue_size=256,readonly=on,cache=never,xattr=on,posix_acl=on,locks=on"),
                        memory));
        assertThat(options(report))
                .containsExactly(
                        "--fd=3",
                        "--shared-dir=/srv",
                        "--tag=work",
                        "--cache=never",
                        "--inode-file-handles=prefer",
                        "--num-request-queues=2",
                        "--queue-size=256",
                        "--readonly",
                        "--xattr",
                        "--posix-acl",
                        "--posix-lock",
                        "--flock");
        assertThat(report).contains("fd 4 /memfd:heartbeat (deleted)");
        assumeThat(linux.processes().effectiveUser()).isZero();
        assertThat(report)
                .as("CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETGID, SETUID, MKNOD, SETFCAP")
                .contains("CapEff:\t00000000880000df");
    }

    @Test
    void aNewTapHasNoName() throws Exception {
        assertThat(options(startedWith("id=_net0,mac=52:54:00:12:34:56")))
                .containsExactly(
                        "--fd=3", "--queue-pairs=1", "--queue-size=256", "--mac=52:54:00:12:34:56", "--backend=tap");
    }

    /** {@code --seccomp} is for the filter that a daemon takes upon itself, too; {@code true} is what it does anyway. */
    @ParameterizedTest
    @CsvSource({"ERRNO, --seccomp=errno", "LOG, --seccomp=log", "FALSE, --seccomp=none"})
    void whatBecomesOfAForbiddenCallIsHandedOn(FilterMode mode, String option) throws Exception {
        filters = mode;
        assertThat(options(startedWith("id=_net0,mac=52:54:00:12:34:56"))).contains(option);
    }

    private static final int USER = 1_879_048_000;

    private void usersOf(int number) throws Exception {
        assumeThat(linux.processes().effectiveUser()).isZero();
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx")); // the report is anybody's
        users = Optional.of(new UserRange(USER, USER + number - 1));
    }

    /** It reads its limits and counts in a folder that is root's. */
    @Test
    void aDaemonHasAUserOfTheRangeAndReachesWhatIsItsOwn() throws Exception {
        usersOf(2);
        try (DaemonUsers.Taken first = new DaemonUsers(linux, users.orElseThrow()).take()) {
            assertThat(first.number()).isEqualTo(USER);
            String next = ("\t" + (USER + 1)).repeat(4);
            assertThat(startedWith("id=_net0,mac=52:54:00:12:34:56,tap=lan0,ops_size=10,ops_refill_time=1000"))
                    .contains("Uid:" + next, "Gid:" + next, "CapEff:\t0000000000001000", "0 to write")
                    .contains("limit rx=ops_size=10,ops_refill_time=1000");
        }
    }

    /** It acts for all users of its guest, and so would be none's alone. */
    @Test
    void aFoldersDaemonStaysRoot() throws Exception {
        usersOf(1);
        assertThat(startedWith(
                        "vhost-user-fs",
                        "_fs0",
                        (starter, memory) -> starter.fs(FsConfig.TABLE.parse("id=_fs0,tag=work,path=/srv"), memory)))
                .contains("Uid:\t0\t0\t0\t0", "CapEff:\t00000000880000df");
    }

    @Test
    void aSwitchHasAUserOfItsOwnToo() throws Exception {
        usersOf(1);
        Path folder =
                RuntimeDirectory.ofSwitch("test-" + ProcessHandle.current().pid(), 0);
        try {
            assertThat(startedWith("id=_net0,mac=52:54:00:12:34:56,switch=" + folder.getFileName()))
                    .contains("Uid:" + ("\t" + USER).repeat(4), "CapEff:\t0000000000000000");
            assertThat(Files.getAttribute(folder, "unix:uid")).isEqualTo(USER);
        } finally {
            for (String file : List.of("socket.lock", "log", "counters", "")) {
                Files.deleteIfExists(folder.resolve(file));
            }
        }
    }

    @Test
    void aRangeThatIsTakenUpIsALine() throws Exception {
        usersOf(1);
        MachineProxy proxy = proxy();
        try (DaemonUsers.Taken _ = new DaemonUsers(linux, users.orElseThrow()).take();
                GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
                RuntimeDirectory directory = RuntimeDirectory.create(linux);
                DaemonStarter starter = new DaemonStarter(
                        linux,
                        new RuntimeOptions(home, false, filters, users, Optional.empty()),
                        DaemonBoxes.ofPrivileges(),
                        directory,
                        proxy)) {
            NetConfig net = NetConfig.TABLE.parse("id=_net0,mac=52:54:00:12:34:56");
            assertThatThrownBy(() -> starter.net(net, ram.table()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage("--daemon-uids 1879048000-1879048000: all of them are taken: give a larger range");
        }
    }

    @Test
    void aDiskIsReadByPlainCallsWhereIoUringIsNotWanted() throws Exception {
        Path image = Files.write(home.resolve("image"), new byte[1 << 20]);
        String disk = "id=_disk0,path=" + image;
        assertThat(options(startedWith(
                        "vhost-user-blk",
                        "_disk0",
                        (starter, memory) ->
                                starter.disk(DiskConfig.TABLE.parse(disk + ",_disable_io_uring=on"), memory))))
                .contains("--io-engine=plain");
        assertThat(options(startedWith(
                        "vhost-user-blk",
                        "_disk0",
                        (starter, memory) -> starter.disk(DiskConfig.TABLE.parse(disk), memory))))
                .contains("--blk-file=" + image)
                .noneMatch(option -> option.startsWith("--io-engine"));
    }

    @Test
    void openDescriptorsAreHandedOverAndNoPrivilegeIsKept() throws Exception {
        try (Fd one = linux.files().open("/dev/null", OpenFlag.RDWR);
                Fd two = linux.files().open("/dev/zero", OpenFlag.RDWR)) {
            List<String> report = startedWith(
                    "id=_net0,mac=52:54:00:12:34:56,num_queues=4,fd=[" + two.number() + "," + one.number() + "]");
            assertThat(options(report)).contains("--queue-pairs=2", "--backend=fd=4:5");
            assertThat(report).contains("fd 4 /dev/zero", "fd 5 /dev/null", "fd 6 /memfd:heartbeat (deleted)");
            assertThat(one.isOpen() && two.isOpen()).as("ours stay ours").isTrue();
            assumeThat(linux.processes().effectiveUser()).isZero();
            assertThat(report).contains("CapEff:\t0000000000000000");
        }
    }
}
