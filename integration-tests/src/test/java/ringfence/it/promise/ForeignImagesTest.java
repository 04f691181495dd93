package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.Command;
import ringfence.it.lab.VmmApi;

/** Images of other formats, as {@code qemu-img} makes them: served as raw ones they would be destroyed. */
class ForeignImagesTest extends HaltedGuest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @ParameterizedTest
    @CsvSource({
        "qcow2, qcow2, compat=1.1",
        "vhdx, vhdx, subformat=dynamic",
        "vhd, vpc, subformat=dynamic",
        "vhd, vpc, 'subformat=fixed,force_size=on'",
        "vmdk, vmdk, subformat=monolithicSparse"
    })
    void oneThatNobodyCallsRawIsRefused(String name, String format, String options) throws Exception {
        Path image = made(format, options);
        byte[] before = Files.readAllBytes(image);
        VmmApi.Answer answer = addDisk("hot", image);
        assertThat(answer.status()).as(answer.body()).isEqualTo(500);
        assertThat(answer.body())
                .contains("--disk hot path: " + image + " seems to be a " + name + " image")
                .contains("qemu-img convert -O raw");
        assertThat(has("hot")).isFalse();
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    /** Whoever says that it is raw wants those bytes. */
    @Test
    void oneThatIsCalledRawIsServed() throws Exception {
        Path image = made("vpc", "subformat=fixed,force_size=on");
        VmmApi.Answer answer =
                api.put("vm.add-disk", "{\"id\":\"hot\",\"image_type\":\"Raw\",\"path\":\"" + image + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    private Path made(String format, String options) {
        Path image = directory.resolve("image");
        host.run(SOON, Command.of("qemu-img").with("create", "-q", "-f", format, "-o", options, image.toString(), "8M"))
                .orThrow();
        return image;
    }
}
