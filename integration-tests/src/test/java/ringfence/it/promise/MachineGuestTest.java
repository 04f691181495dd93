package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;

/** What a Debian guest finds of the machine itself, beside its disks and cards. */
@OnKvmHost
class MachineGuestTest {
    private static final String UUID = "01234567-89ab-cdef-0123-456789abcdef";
    private static final String OEM = "io.systemd.credential:motd=hello, guest";
    private static final int RNG = 4;
    private static final int BALLOON = 5;

    /** Virtio 1.3, 4.1.2: a PCI device's number is 0x1040 and the virtio type. */
    private static String device(String address) {
        return "cat /sys/bus/pci/devices/" + address + "/device; ";
    }

    @Test
    void itsNamesAndPlacesAreThoseThatWereGiven(KvmHost host) {
        GuestSpec spec = GuestSpec.kernel("6.12")
                .options(
                        "--platform",
                        "num_pci_segments=2,system_manufacturer=Maker,system_serial_number=s/n-1,system_uuid=" + UUID
                                + ",chassis_asset_tag=tag,oem_strings=[\"" + OEM + "\"]")
                .options("--rng", "id=dice,pci_segment=1,pci_device_id=5")
                .options("--balloon", "size=0,pci_device_id=9");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            assertThat(guest.text("cd /sys/class/dmi/id; cat sys_vendor product_name product_serial product_uuid"
                            + " bios_vendor chassis_asset_tag"))
                    .isEqualTo("Maker\nringfence\ns/n-1\n" + UUID + "\nringfence\ntag");
            assertThat(guest.text("grep -c '" + OEM + "' /sys/firmware/dmi/tables/DMI"))
                    .isEqualTo("1");
            assertThat(guest.text(device("0001:00:05.0") + device("0000:00:09.0")))
                    .isEqualTo("0x%x\n0x%x".formatted(0x1040 + RNG, 0x1040 + BALLOON));
            assertThat(guest.text("cat /sys/bus/pci/devices/0000:*/device"))
                    .as("nothing else is where the source of randomness would be")
                    .contains("0x%x".formatted(0x1040 + BALLOON))
                    .doesNotContain("0x%x".formatted(0x1040 + RNG));
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        }
    }
}
