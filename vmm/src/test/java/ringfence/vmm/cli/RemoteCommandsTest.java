package ringfence.vmm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.process.Program;
import ringfence.vmm.api.TestServer;

/** {@code ch-remote} and {@code ringfence ctl} ask a VMM, which is in this process. */
@Timeout(60)
class RemoteCommandsTest {
    private enum Client {
        CH_REMOTE,
        CTL
    }

    private static final Pattern HANDED = Pattern.compile("\"fds\":\\[(\\d+),(\\d+)]");

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private TestServer server;

    @BeforeEach
    void serve() throws Exception {
        server = TestServer.start(folder);
        Files.writeString(
                folder.resolve("vm.json"),
                "{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":2,\"max_vcpus\":2}}");
        assertThat(ask(Client.CTL, "create", folder.resolve("vm.json").toString()))
                .as(errors())
                .isZero();
    }

    @AfterEach
    void end() {
        server.close();
    }

    private int ask(Client client, String... words) {
        return askAt(folder.resolve("api").toString(), client, words);
    }

    private int askAt(String socket, Client client, String... words) {
        List<String> all = new ArrayList<>(List.of("--api-socket", socket));
        all.addAll(List.of(words));
        out.reset();
        errors.reset();
        PrintStream stdout = new PrintStream(out, true, StandardCharsets.UTF_8);
        return Program.run("program", new PrintStream(errors, true, StandardCharsets.UTF_8), () -> switch (client) {
            case CH_REMOTE -> new ChRemoteCommand(linux, stdout).run(all);
            case CTL -> new CtlCommand(linux, stdout).run(all);
        });
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    private String info() {
        assertThat(ask(Client.CTL, "info")).isZero();
        return out();
    }

    @ParameterizedTest
    @EnumSource(Client.class)
    void devicesComeAndGo(Client client) {
        assertThat(ask(client, "add-disk", "path=/srv/x.img,readonly=on,id=data"))
                .as(errors())
                .isZero();
        assertThat(out()).as("of a VM that is not booted").isEmpty();
        assertThat(ask(client, "add-net", "tap=t0,mac=52:54:00:00:00:01,bw_size=1M,bw_refill_time=100"))
                .as(errors())
                .isZero();
        assertThat(ask(client, "add-fs", "tag=share,path=\"/srv/a,b\",locks=on"))
                .as(errors())
                .isZero();
        assertThat(ask(client, "add-vsock", "cid=7,socket=/run/v,id=sockets"))
                .as(errors())
                .isZero();
        assertThat(info())
                .contains("\"cid\":7,\"socket\":\"/run/v\",\"id\":\"sockets\"")
                .contains("\"path\":\"/srv/x.img\",\"readonly\":true")
                .contains("\"tap\":\"t0\",\"mac\":\"52:54:00:00:00:01\"")
                .contains("\"bandwidth\":{\"size\":1048576,")
                .contains("\"tag\":\"share\"", "\"path\":\"/srv/a,b\"", "\"locks\":true");
        assertThat(ask(client, "remove-device", "data")).isZero();
        assertThat(ask(client, "remove-device", "sockets")).isZero();
        assertThat(info()).doesNotContain("/srv/x.img", "/run/v").contains("\"tap\":\"t0\"");
        assertThat(ask(client, "remove-device", "data")).isEqualTo(1);
        assertThat(errors()).isEqualTo("program: the VMM answers 404: id: there is no device 'data'\n");
    }

    /** They are this process's twice, for the VMM is in it too. */
    @ParameterizedTest
    @EnumSource(Client.class)
    void descriptorsArriveInTheirOrder(Client client) throws Exception {
        try (Fd first = linux.files().open("/dev/zero", OpenFlag.RDWR); // as good character devices as a tap
                Fd second = linux.files().open("/dev/full", OpenFlag.RDWR)) {
            String fds = "fd=[" + first.number() + "," + second.number() + "]";
            assertThat(ask(client, "add-net", fds + ",num_queues=2")).isEqualTo(1);
            assertThat(errors())
                    .contains("400", "2 descriptors are for num_queues=4")
                    .hasLineCount(1);
            long open = open();
            assertThat(ask(client, "add-net", fds + ",num_queues=4,id=handed"))
                    .as(errors())
                    .isZero();
            Matcher handed = HANDED.matcher(info());
            assertThat(handed.find()).as(out()).isTrue();
            assertThat(target(handed.group(1))).isEqualTo("/dev/zero");
            assertThat(target(handed.group(2))).isEqualTo("/dev/full");
            assertThat(List.of(handed.group(1), handed.group(2)))
                    .as("the VMM's own")
                    .doesNotContain(Integer.toString(first.number()), Integer.toString(second.number()));
            assertThat(target(Integer.toString(first.number()))).isEqualTo("/dev/zero");
            awaitOpen(open + 2);
        }
    }

    private static String target(String number) throws Exception {
        return Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString();
    }

    private static long open() throws Exception {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        }
    }

    /** The VMM closes a connection's end a little later than the client. */
    private static void awaitOpen(long wanted) throws Exception {
        for (int i = 0; i < 1000 && open() != wanted; i++) {
            Thread.sleep(5);
        }
        assertThat(open()).as("open descriptors").isEqualTo(wanted);
    }

    @Test
    void aDescriptorThatIsNotOpenIsNamed() {
        assertThat(ask(Client.CH_REMOTE, "add-net", "fd=999999")).isEqualTo(2);
        assertThat(errors())
                .isEqualTo("program: add-net fd: 999999 is not open: let whoever starts this program hand it over\n");
    }

    /** A body that is right is past its check, and is told what is missing. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "add-device path=/sys/bus/pci/devices/0000:00:02.0,iommu=on | vm.add-device",
                "add-user-device socket=/s,id=u | vm.add-user-device",
                "add-vdpa path=/dev/vhost-vdpa-0 | vm.add-vdpa",
                "coredump file:///core | vm.coredump",
                "receive-migration receiver_url=unix:/s,memory_mode=postcopy | vm.receive-migration",
                "resize-zone --size 1G --id z | vm.resize-zone",
                "restore source_url=file:///s,resume=true | vm.restore",
                "send-migration destination_url=tcp:h:1,downtime_ms=200,timeout_strategy=ignore | vm.send-migration",
                "snapshot file:///s | vm.snapshot",
            })
    void whatIsStillToComeIsAnsweredByTheVmm(String words, String endpoint) {
        assertThat(ask(Client.CH_REMOTE, words.split(" "))).as(errors()).isEqualTo(1);
        assertThat(errors())
                .startsWith("program: the VMM answers 500: " + endpoint + " is not supported yet: ")
                .hasLineCount(1);
        assertThat(ask(Client.CTL, words.split(" "))).as("ctl does not have it").isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "restore | source_url=file:///s,prefault=on,memory_restore_mode=ondemand,zone_updates=[a@1,b@0]"
                        + " | {'source_url':'file:///s','prefault':true,'memory_restore_mode':'OnDemand',"
                        + "'zone_updates':[{'id':'a','host_numa_node':1},{'id':'b','host_numa_node':0}]}",
                "send-migration | destination_url=unix:/s,local=on,timeout_strategy=cancel,connections=2"
                        + " | {'destination_url':'unix:/s','local':true,'downtime_ms':300,'timeout_s':3600,"
                        + "'timeout_strategy':'Cancel','connections':2,'memory_mode':'Precopy'}",
                "add-device | path=/d,x_exclude_mmap_bars=[0-2] |"
                        + " {'path':'/d','x_exclude_mmap_bars':[0,1,2],'iommu':false}",
                "add-vdpa | path=/v | {'path':'/v','num_queues':1,'iommu':false}",
                "add-vdpa | path=/v,num_queues=3 | {'path':'/v','num_queues':3,'iommu':false}",
                "resize | --memory=1G | {'desired_ram':1073741824}",
                "resize | --cpus=4 --balloon 1M | {'desired_vcpus':4,'desired_balloon':1048576}",
                "add-pmem | file=/f,size=2M,discard_writes=on |"
                        + " {'file':'/f','size':2097152,'discard_writes':true,'pci_segment':0}",
                "resize-disk | --disk=d --size=4G | {'id':'d','desired_size':4294967296}",
                "resize-zone | --id=z --size=1M | {'id':'z','desired_ram':1048576}",
                "remove-device | a\"b | {'id':'a\\\"b'}",
            })
    void whatBecomesOfTheWords(String verb, String words, String json) {
        RemoteWords.Body body = RemoteVerbs.all().stream()
                .filter(each -> each.name().equals(verb))
                .findFirst()
                .orElseThrow()
                .words()
                .take(new ArrayDeque<>(List.of(words.split(" "))));
        assertThat(body.json()).isEqualTo(json.replace('\'', '"'));
        assertThat(body.fds()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "ch-remote fly | no command 'fly': add-device, add-disk, ",
                "ch-remote | no command: add-device, add-disk, ",
                "ch-remote ping now | ping takes no more: leave 'now' out",
                "ch-remote --socket x ping | --socket: is not known: --help lists what is possible",
                "ch-remote create /no/file | /no/file: cannot be read: check the path",
                "ch-remote remove-device | remove-device lacks its <id>: write it behind it",
                "ch-remote add-disk | add-disk lacks its <options>: write it behind it",
                "ch-remote add-disk colour=red | add-disk unknown key 'colour'",
                "ch-remote add-disk path=/x,readonyl=on | did you mean 'readonly'?",
                "ch-remote add-net fd=[] | add-net fd: names no descriptor: give one per two queues",
                "ch-remote add-net fd=5,tap=t | add-net tap: ",
                "ch-remote resize --cpus two | resize --cpus 'two' is no whole number",
                "ch-remote resize --cpus | resize --cpus lacks its value: write it behind it",
                "ch-remote resize --cpus 1 --cpus 2 | resize --cpus is given twice: leave one out",
                "ch-remote resize --colour 1 | resize --colour: is not known: --cpus, --memory, --balloon are possible",
                "ch-remote resize-disk --disk d | resize-disk lacks --size: write it and its value behind it",
                "ch-remote restore prefault=on | restore lacks source_url: give source_url=<text>",
                "ch-remote restore source_url=s,net_fds=[n@[3]] | restore key 'net_fds' is not supported yet: leave it",
                "ch-remote restore source_url=s,zone_updates=[z] | restore zone_updates: 'z' has no '@': write"
                        + " [<zone>@",
                "ch-remote add-vsock cid=2,socket=/s | add-vsock cid: is 2, 3 to",
                "ctl fly | no command 'fly': ping, info, ",
                "ctl | no command: ping, info, ",
                "ctl create | create lacks the file of JSON: name it, or give - for standard input",
                "ctl create /no/file | /no/file: cannot be read: check the path",
                "ctl ping now | ping takes no more: leave 'now' out",
                "ctl add-disk | add-disk lacks its <options>: write it behind it",
                "ctl add-disk path=/x,readonyl=on | add-disk unknown key 'readonyl'; did you mean 'readonly'?",
                "ctl add-fs tag=t path=/ | add-fs path: is missing: give path=<folder>",
                "ctl add-net tap=a mac=b | add-net takes no more: leave 'mac=b' out",
                "ctl remove-device | remove-device lacks its <id>: write it behind it",
                "ctl snapshot file:///s | no command 'snapshot'",
                "ctl --colour ping | Unknown option: '--colour'",
            })
    void wordsThatMakeNoCommandAreOneLineAndCode2(String words, String line) {
        String[] all = words.split(" ");
        Client client = all[0].equals("ctl") ? Client.CTL : Client.CH_REMOTE;
        assertThat(ask(client, Stream.of(all).skip(1).toArray(String[]::new))).isEqualTo(2);
        assertThat(errors()).startsWith("program: ").contains(line).hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Client.class)
    void nobodyAnswersIsCode1(Client client) {
        assertThat(askAt("/no/api", client, "ping")).isEqualTo(1);
        assertThat(errors())
                .startsWith("program: --api-socket /no/api: nobody answers there")
                .hasLineCount(1);
        assertThat(askAt("", client, "ping")).isEqualTo(2);
        assertThat(errors()).startsWith("program: --api-socket is missing").hasLineCount(1);
    }

    @Test
    void helpListsCommandsAndTheirOptions() {
        assertThat(ask(Client.CTL, "--help")).isZero();
        assertThat(out())
                .contains("Usage: ringfence ctl", "add-disk <options>", "remove-device <id>", "shutdown-vmm")
                .doesNotContain("snapshot");
        assertThat(ask(Client.CTL, "add-fs", "--help")).isZero();
        assertThat(out()).startsWith("ringfence ctl add-fs <options>: ").contains("\n  tag=<name>  ");
        assertThat(ask(Client.CH_REMOTE, "--help")).isZero();
        assertThat(out()).contains("create <file>", "snapshot <url>", "resize [--cpus <value>] [--memory <value>]");
        assertThat(ask(Client.CH_REMOTE, "add-vsock", "-h")).isZero();
        assertThat(out()).contains("\n  cid=<3-");
        assertThat(errors()).isEmpty();
    }
}
