package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.VmmApi;

/**
 * A disk and a network card come and go, so often that what each left behind would add up to more than a collection of
 * garbage gives back: memory outside the Java heap is given back with the objects that have it.
 */
class PlugCyclesTest extends HaltedGuest {
    /** In full, 10 KiB of each would be more than what is allowed; what is garbage goes with the next collection of all. */
    private static final int CYCLES = Integer.getInteger("ringfence.plug.cycles", 50);

    /** By then classes are loaded, and most of what is compiled is. */
    private static final int SETTLED = 20;

    private static final int TOLD = 50;
    private static final int FEW_KIB = 9 << 10;

    @Test
    void devicesLeaveNothingBehind() throws Exception {
        Path image = image("hot");
        Footprint settled = null;
        List<String> descriptors = List.of();
        StringBuilder course = new StringBuilder();
        for (int cycle = 1; cycle <= CYCLES; cycle++) {
            added("hot", image);
            VmmApi.Answer net = api.put("vm.add-net", "{\"id\":\"net\"}");
            assertThat(net.status()).as(net.body()).isEqualTo(200);
            assertThat(remove("hot")).isEqualTo(204);
            assertThat(remove("net")).isEqualTo(204);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
            await(() -> !has("hot") && !has("net"));
            if (cycle == SETTLED) {
                settled = footprint();
                descriptors = settledDescriptors();
            }
            if (cycle % TOLD == 0) {
                course.append(' ').append(footprint().kib());
                System.out.println("plug-cycles: " + cycle + " of " + CYCLES + ", " + footprint());
            }
        }
        awaitNoMoreThan(descriptors);
        Footprint last = footprint();
        System.out.println("counted: " + CYCLES + " times a disk and a card came and went, after " + SETTLED + " "
                + settled + ", each " + TOLD + " more:" + course + " KiB, at the end " + last);
        last.assertNotGrownFrom(settled, FEW_KIB);
    }

    private Footprint footprint() {
        return Footprint.of(host, Long.toString(vmm.pid()));
    }
}
