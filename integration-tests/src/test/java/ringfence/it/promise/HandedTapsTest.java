package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;
import ringfence.vmm.api.ApiClient;

/** Network cards whose taps a client has opened: a descriptor for each pair of queues. They come and go with a booted VM. */
class HandedTapsTest extends HaltedGuest {
    private static final int PAIRS = 4;
    private static final String FIRST = "02:00:ca:fe:00:01";
    private static final String SECOND = "02:00:ca:fe:00:02";
    private static final Pattern PLUGGED =
            Pattern.compile("\\{\"id\":\"([^\"]+)\",\"bdf\":\"(0000:00:[0-9a-f]{2}\\.0)\"}");

    @Override
    List<String> options() {
        return List.of("--cpus", "boot=" + PAIRS);
    }

    @BeforeEach
    void taps() {
        assumeThat(Path.of("/dev/net/tun")).isWritable();
    }

    /** Nothing of them stays with the VMM. */
    @Test
    void fourQueuesComeAndGo() throws Exception {
        List<String> before = settledDescriptors();
        for (int i = 0; i < 3; i++) {
            Path tap;
            try (Tap first = Tap.open(Linux.system(), "", true);
                    Tap second = Tap.open(Linux.system(), first.name(), true);
                    Tap third = Tap.open(Linux.system(), first.name(), true);
                    Tap fourth = Tap.open(Linux.system(), first.name(), true)) {
                tap = place(first);
                List<Fd> queues = List.of(first.fd(), second.fd(), third.fd(), fourth.fd());
                ApiClient.Answer answer = new ApiClient(
                                Linux.system(), directory.resolve("api").toString())
                        .ask("PUT", "vm.add-net", "{\"id\":\"net\",\"num_queues\":" + 2 * PAIRS + "}", queues);
                assertThat(answer.body()).containsPattern("\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"");
            }
            await(() -> counters("net").contains("\"connected\":1"));
            removeAll(List.of("net"));
            await(() -> Files.notExists(tap));
        }
        awaitNoMoreThan(before);
    }

    /**
     * Kata's runtime has one more card: it adds all that it knows again, on one connection. A MAC address need not be
     * another one's, as with Cloud Hypervisor, so each is a card more, which is told in its turn, and those before stay as
     * they are.
     */
    @Test
    void cardsThatAreAddedAgainAreOthers() throws Exception {
        List<String> before = settledDescriptors();
        List<String> added = new ArrayList<>();
        List<Path> places;
        try (Tap one = Tap.open(Linux.system(), "", false);
                Tap two = Tap.open(Linux.system(), "", false)) {
            places = List.of(place(one), place(two));
            try (Wire nets = connect()) {
                added.add(plugged(nets, FIRST, one));
            }
            await(() -> counters(added.getFirst()).contains("\"connected\":1"));
            String card = card(added.getFirst());
            List<Long> daemons = numbers();
            try (Wire nets = connect()) {
                added.add(plugged(nets, FIRST, one));
                added.add(plugged(nets, SECOND, two));
            }
            assertThat(added).doesNotHaveDuplicates();
            assertThat(card(added.get(1))).contains("\"mac\":\"" + FIRST + "\"");
            assertThat(card(added.get(2))).contains("\"mac\":\"" + SECOND + "\"");
            assertThat(card(added.getFirst())).isEqualTo(card);
            assertThat(counters(added.getFirst())).contains("\"connected\":1,", "\"reconnects\":0");
            assertThat(numbers()).containsAll(daemons).hasSize(daemons.size() + 2);
        }
        removeAll(added);
        for (Path place : places) {
            await(() -> Files.notExists(place));
        }
        awaitNoMoreThan(before);
    }

    /** The card of that name, and who asked, go on. */
    @Test
    void aNameThatIsTakenIsRefusedAndItsDescriptorGoes() throws Exception {
        Path place;
        List<String> before = settledDescriptors();
        try (Wire nets = connect();
                Tap one = Tap.open(Linux.system(), "", false);
                Tap two = Tap.open(Linux.system(), "", false)) {
            place = place(two);
            assertThat(nets.send(Kata.addNet(FIRST, "net"), one.fd()).answer().status())
                    .isEqualTo(200);
            await(() -> counters("net").contains("\"connected\":1"));
            String card = card("net");
            List<Long> daemons = numbers();
            List<String> with = settledDescriptors();
            for (int i = 0; i < 3; i++) {
                assertThat(nets.send(Kata.addNet(SECOND, "net"), two.fd()).answer())
                        .isEqualTo(new Wire.Answer(409, "[\"id: 'net' is another device's: choose another one\"]"));
            }
            awaitNoMoreThan(with);
            assertThat(card("net")).isEqualTo(card);
            assertThat(numbers()).isEqualTo(daemons);
            assertThat(counters("net")).contains("\"connected\":1,", "\"reconnects\":0");
            assertThat(nets.send(Kata.addNet(SECOND, "other"), two.fd())
                            .answer()
                            .status())
                    .as("on the same connection")
                    .isEqualTo(200);
            await(() -> counters("other").contains("\"connected\":1"));
        }
        removeAll(List.of("net", "other"));
        await(() -> Files.notExists(place));
        awaitNoMoreThan(before);
    }

    private static Path place(Tap tap) {
        return Path.of("/sys/class/net", tap.name());
    }

    private Wire connect() {
        return Wire.to(directory.resolve("api"), Kata.CREATE_MILLIS);
    }

    /** @return the new card's name */
    private static String plugged(Wire nets, String mac, Tap tap) {
        Wire.Answer answer = nets.send(Kata.addNet(mac), tap.fd()).answer();
        Matcher told = PLUGGED.matcher(answer.body());
        assertThat(told.matches()).as(answer.toString()).isTrue();
        return told.group(1);
    }

    /** What vm.info tells of it. */
    private String card(String id) throws IOException {
        String info = info();
        int nets = info.indexOf("\"net\":[");
        int name = info.indexOf("\"id\":\"" + id + "\"", nets);
        assertThat(nets).as(info).isPositive();
        assertThat(name).as(info).isPositive();
        return info.substring(info.lastIndexOf("{\"", name), info.indexOf('}', name));
    }

    private List<Long> numbers() {
        return daemons().stream().map(ProcessHandle::pid).sorted().toList();
    }

    private void removeAll(List<String> ids) throws Exception {
        for (String id : ids) {
            assertThat(remove(id)).isEqualTo(204);
        }
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        for (String id : ids) {
            await(() -> !has(id));
        }
    }
}
