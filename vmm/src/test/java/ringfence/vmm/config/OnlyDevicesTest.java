package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

/** Names and places of the devices that a machine has once at most: console, rng and balloon. */
class OnlyDevicesTest {
    private static VmConfig config(String members) {
        return VmConfig.TABLE.read(JsonReader.read(
                "{\"payload\":{\"kernel\":\"/k\"},\"platform\":{\"num_pci_segments\":2}" + members + "}"));
    }

    private static List<String> problems(String members) {
        return config(members).problems(new HostLimits(64, 4L << 30)).stream()
                .map(Problem::line)
                .toList();
    }

    /** Cloud Hypervisor's names, which nobody is told of. */
    @Test
    void theyHaveUsualNamesAndNoPlaces() {
        VmConfig config = config(",\"balloon\":{\"size\":0}");
        assertThat(config.console().id()).isEqualTo("__console");
        assertThat(config.rng().id()).isEqualTo("__rng");
        assertThat(config.balloon().orElseThrow().id()).isEqualTo("__balloon");
        assertThat(config.rng().place()).isEqualTo(PciPlace.ANY);
        assertThat(RngConfig.TABLE.write(config.rng()))
                .isEqualTo(JsonReader.read("{\"src\":\"/dev/urandom\",\"pci_segment\":0}"));
        assertThat(config.problems(new HostLimits(64, 4L << 30))).isEmpty();
        assertThat(problems(",\"rng\":{\"src\":\"/dev/urandom\",\"id\":\"__rng\",\"pci_device_id\":3}"))
                .isEmpty();
    }

    @Test
    void flagsAndJsonSayBoth() {
        PciPlace place = new PciPlace(1, OptionalInt.of(5));
        RngConfig rng = RngConfig.TABLE.parse("src=/dev/random,id=dice,pci_segment=1,pci_device_id=5");
        assertThat(rng).isEqualTo(new RngConfig("dice", "/dev/random", place));
        assertThat(RngConfig.TABLE.read(RngConfig.TABLE.write(rng))).isEqualTo(rng);
        BalloonConfig balloon = BalloonConfig.TABLE.parse("size=1M,id=air,pci_segment=1,pci_device_id=5");
        assertThat(balloon).isEqualTo(new BalloonConfig("air", 1 << 20, false, false, false, place));
        assertThat(BalloonConfig.TABLE.read(BalloonConfig.TABLE.write(balloon))).isEqualTo(balloon);
        assertThat(balloon.with(7)).isEqualTo(new BalloonConfig("air", 7, false, false, false, place));
        ConsoleConfig console = ConsoleConfig.TABLE.parse("pty,id=tty,pci_segment=1,pci_device_id=5");
        assertThat(console.id()).isEqualTo("tty");
        assertThat(console.place()).isEqualTo(place);
        assertThat(ConsoleConfig.TABLE.read(ConsoleConfig.TABLE.write(console))).isEqualTo(console);
        assertThat(console.with(Optional.of("/dev/pts/1")).place()).isEqualTo(place);
    }

    /** It is on no PCI bus. */
    @Test
    void aSerialPortHasNoPlace() {
        assertThatThrownBy(() -> ConsoleConfig.SERIAL_TABLE.parse("tty,pci_segment=1"))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining("key 'pci_segment' is not supported");
        assertThat(ConsoleConfig.SERIAL_TABLE.write(ConsoleConfig.TTY))
                .isEqualTo(JsonReader.read("{\"mode\":\"Tty\"}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "\"rng\":{\"src\":\"/r\",\"pci_segment\":2} | --rng pci_segment: 2 is not there, the last is 1",
                "\"balloon\":{\"size\":0,\"pci_device_id\":0} | --balloon pci_device_id: 0 is the host bridge",
                "\"console\":{\"mode\":\"Null\",\"id\":\"__rng\"} | --console id: '__rng' is reserved",
                "\"rng\":{\"src\":\"/r\",\"id\":\"d\"},\"disks\":[{\"path\":\"/x\",\"id\":\"d\"}] | --rng id: 'd' is"
                        + " given twice",
                "\"rng\":{\"src\":\"/r\",\"pci_device_id\":4},\"disks\":[{\"path\":\"/x\",\"pci_device_id\":4}]"
                        + " | --rng pci_device_id: 4 is taken: choose another one",
            })
    void whatIsWrongIsNamed(String members, String line) {
        assertThat(problems("," + members))
                .singleElement()
                .satisfies(problem -> assertThat(problem).startsWith(line));
    }

    /** A machine without a console takes nothing for it. */
    @Test
    void aConsoleThatThereIsNotTakesNoPlace() {
        assertThat(problems(",\"console\":{\"mode\":\"Off\",\"pci_device_id\":4},"
                        + "\"disks\":[{\"path\":\"/x\",\"pci_device_id\":4}]"))
                .isEmpty();
    }

    @Test
    void aNameThatIsMadeIsNoneOfTheirs() {
        assertThat(config(",\"rng\":{\"src\":\"/r\",\"id\":\"_disk0\"},\"disks\":[{\"path\":\"/x\"}]")
                        .disks()
                        .getFirst()
                        .id())
                .isEqualTo("_disk1");
    }
}
