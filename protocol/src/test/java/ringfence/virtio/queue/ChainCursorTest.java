package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.virtio.queue.Rings.DATA;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.IoVec;
import ringfence.virtio.RingFormat;

/** Virtio 1.3, 2.7.4: a device makes no assumption about how a request is cut into buffers. */
class ChainCursorTest {
    private final Rings rings = Rings.of(RingFormat.SPLIT).size(16).start();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment scratch = arena.allocate(64);
    private ChainCursor chain;

    /** Readable: 3 + 6 + 3 bytes 0 to 11; writable: 2 + 5 bytes. */
    @BeforeEach
    void cutIntoOddPieces() {
        byte[] bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
        rings.table().write(DATA, bytes);
        rings.driver().begin(5);
        rings.driver().readable(DATA, 3);
        rings.driver().readable(DATA + 3, 6);
        rings.driver().readable(DATA + 9, 3);
        rings.driver().writable(DATA + 0x100, 2);
        rings.driver().writable(DATA + 0x200, 5);
        rings.driver().offer(0);
        rings.driver().publish();
        chain = rings.takes();
    }

    @AfterEach
    void unmap() {
        rings.close();
        arena.close();
    }

    @Test
    void readsWordsWhereverTheyAreCut() {
        assertThat(chain.readInt(0)).isEqualTo(0x03020100);
        assertThat(chain.readInt(8)).isEqualTo(0x0B0A0908);
        assertThat(chain.readLong(2)).isEqualTo(0x0908070605040302L);
        assertThat(chain.readLong(4)).isEqualTo(0x0B0A090807060504L);
        assertThatThrownBy(() -> chain.readInt(9)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.readLong(5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.readInt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.readInt(Long.MAX_VALUE)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void writesBytesWhereverTheyAre() {
        for (int i = 0; i < 7; i++) {
            chain.writeByte(i, 0x80 + i);
        }
        assertThat(rings.read(DATA + 0x100, 3)).as("and nothing behind").isEqualTo(0x8180);
        assertThat(rings.read(DATA + 0x200, 6)).isEqualTo(0x86_8584_8382L);
        assertThatThrownBy(() -> chain.writeByte(7, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.writeByte(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void gathersAndScatters() {
        assertThat(chain.copyIn(2, scratch, 1, 100)).isEqualTo(10);
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 2);
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 10)).isEqualTo((byte) 11);
        assertThat(chain.copyOut(1, scratch, 1, 3)).isEqualTo(3);
        assertThat(rings.read(DATA + 0x101, 1)).isEqualTo(2);
        assertThat(rings.read(DATA + 0x200, 3)).isEqualTo(0x0403);
        assertThat(chain.copyIn(12, scratch, 0, 4)).isZero();
        assertThat(chain.copyOut(6, scratch, 0, 4)).isEqualTo(1);
    }

    @Test
    void fillsIoVectors() {
        IoVec vector = new IoVec(8);
        assertThat(chain.fillReadable(vector, 4, 7)).isEqualTo(7);
        assertThat(vector.count()).as("side by side").isEqualTo(1);
        assertThat(vector.bytes()).isEqualTo(7);
        vector.clear();
        assertThat(chain.fillWritable(vector, 0, 6)).isEqualTo(6);
        assertThat(vector.count()).isEqualTo(2);
        vector.clear();
        assertThat(chain.fillWritable(vector, 7, 6)).isZero();
        assertThat(vector.count()).isZero();
    }

    @Test
    void hasNoBufferBeyondItsLast() {
        assertThatThrownBy(() -> chain.length(5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.segment(5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> chain.offset(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
