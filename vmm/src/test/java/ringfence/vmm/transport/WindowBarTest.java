package ringfence.vmm.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.device.local.Pmem;

/** A device's memory is where its BAR says, and only as long as that answers. */
class WindowBarTest {
    private static final long SLOT_1 = TestMachine.ECAM + (1 << 15);
    private static final long COMMAND = SLOT_1 + 4;
    private static final long BAR2 = SLOT_1 + 0x18;
    private static final int DECODE = 2;
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 2 * MIB)), RamOptions.DEFAULT);
    private final TestMachine machine = new TestMachine(new Deadlines(), (address, data) -> {});
    private Pmem pmem;
    private Mapping mapping;
    private VirtioPciFunction function;

    @BeforeEach
    void plug() throws Exception {
        plug(6 * MIB);
    }

    private void plug(long size) throws Exception {
        Path path = Files.write(folder.resolve("file"), new byte[(int) size]);
        Fd file = linux.files().open(path.toString(), OpenFlag.RDWR);
        mapping = linux.memory().map(file, 0, size);
        pmem = new Pmem(linux, "_pmem0", ram.table(), file, mapping, false, _ -> {});
        function = machine.add(pmem);
    }

    private void unplug() {
        machine.segment.remove(1);
        function.close();
    }

    @AfterEach
    void end() {
        unplug();
        machine.close();
        ram.close();
    }

    private long address() {
        return machine.read(BAR2, 4) & -16 | machine.read(BAR2 + 4, 4) << 32;
    }

    private void move(long to) {
        machine.write(BAR2, 4, to & 0xFFFF_FFFFL);
        machine.write(BAR2 + 4, 4, to >>> 32);
    }

    @ParameterizedTest
    @CsvSource({"2,2", "4,4", "6,8", "18,32"})
    void itsSizeIsAPowerOfTwoWithRoomForTheMemory(long memory, long bar) throws Exception {
        unplug();
        plug(memory * MIB);
        assertThat(address() % (8 * MIB)).isZero();
        move(-1);
        assertThat(-address()).isEqualTo(bar * MIB);
    }

    @Test
    void theMemoryFollowsTheBar() {
        assertThat(machine.windows).isEmpty();
        long first = address();
        machine.write(COMMAND, 2, DECODE);
        assertThat(machine.windows).isEqualTo(Map.of(first, mapping));
        assertThat(pmem.readConfig(0, 8)).isEqualTo(first);
        assertThat(pmem.readConfig(8, 8)).isEqualTo(6 * MIB);
        long second = TestMachine.HIGH + 256 * MIB;
        move(second);
        assertThat(machine.windows).isEqualTo(Map.of(second, mapping));
        assertThat(pmem.readConfig(0, 8)).isEqualTo(second);
        machine.write(COMMAND, 2, 0);
        assertThat(machine.windows).isEmpty();
        machine.write(COMMAND, 2, DECODE);
        function.reset().toCompletableFuture().join();
        assertThat(machine.windows).as("after a reset").isEmpty();
        assertThat(address()).isEqualTo(first);
    }

    @Test
    void behindTheMemoryThereIsNothing() {
        machine.write(COMMAND, 2, DECODE);
        assertThat(machine.read(address() + 6 * MIB, 4)).isEqualTo(0xFFFF_FFFFL);
        machine.write(address() + 6 * MIB, 4, 1);
    }

    @Test
    void whoIsUnpluggedTakesItAway() throws Exception {
        machine.write(COMMAND, 2, DECODE);
        machine.segment.remove(1);
        assertThat(machine.windows).isEmpty();
        function.close();
        plug(2 * MIB);
    }
}
