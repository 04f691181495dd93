package ringfence.fs.fuse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Name;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.virtio.queue.Verdict;

/**
 * Fuzz target: any bytes as a request, in one buffer or cut in two where the first byte says. It is taken only if its length
 * holds what its opcode needs; every name that is taken is a single component that ends inside the request; the cut changes
 * nothing.
 */
class RequestFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final long RAM = 4 << 20;
    private static final long AT = 0x10_0000;
    private static final Linux LINUX = Linux.system();
    private static final Fd FD = LINUX.memory().memfd("fuzz", RAM);
    private static final Mapping MAPPING = LINUX.memory().map(FD, 0, RAM);
    private static final MemoryTable TABLE = MemoryTable.of(List.of(new Region(0, 0, RAM, MAPPING, 0, FD, 0)));

    private final FuseRequest request = new FuseRequest();
    private final FuseRequest whole = new FuseRequest();
    private final Name name = new Name();
    private final ChainCursor chain = ChainCursor.forQueueSize(8);

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyRequest(byte[] data) {
        EXECUTIONS.run(data, this::request);
    }

    private void request(byte[] data) {
        if (data.length < 2 || data.length > 200_000) {
            return;
        }
        int bytes = data.length - 1;
        MemorySegment.copy(data, 1, MAPPING.segment(), ValueLayout.JAVA_BYTE, AT, bytes);
        int cut = Math.min(bytes, data[0] & 0xFF);
        int result = request.read(chain(cut, bytes));
        int asOne = whole.read(chain(0, bytes));
        check(result == asOne && request.hasHeader() == whole.hasHeader(), "the cut matters");
        if (result < 0) {
            check(request.opcode() == null || request.hasHeader(), "refused without a header");
            return;
        }
        Opcode opcode = request.opcode();
        check(opcode == whole.opcode() && request.end() == whole.end(), "the cut matters");
        check(request.end() >= InLayout.HEADER + opcode.arguments(), "shorter than its structure");
        check(request.end() <= bytes, "longer than what came");
        check(request.user() == whole.user() && request.node() == whole.node(), "the cut matters");
        for (int at = InLayout.ARGUMENTS; at <= Math.min(request.end(), InLayout.ARGUMENTS + 24); at += 8) {
            name(data, at);
        }
        if (request.hasGroup()) {
            check(request.directoryGroup() == whole.directoryGroup(), "the cut matters");
        }
    }

    private void name(byte[] data, int at) {
        int length = request.name(at, name);
        if (length < 0) {
            return;
        }
        check(length >= 1 && length <= FuseRequest.MAX_NAME && at + length < request.end(), "length " + length);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            byte one = data[1 + at + i];
            check(one != 0 && one != '/', "byte " + one);
            text.append((char) one);
        }
        check(data[1 + at + length] == 0, "no end");
        check(!text.toString().equals(".") && !text.toString().equals(".."), "dots");
    }

    private ChainCursor chain(int cut, int bytes) {
        QueueConfig config = GuestDriver.place(0x1000, 8, true, true);
        GuestDriver driver = GuestDriver.direct(config, TABLE);
        SplitQueue queue = SplitQueue.start(config, TABLE, QueueState.FRESH);
        boolean two = cut > 0 && cut < bytes;
        driver.begin(two ? 2 : 1);
        if (two) {
            driver.readable(AT, cut);
            driver.readable(AT + cut, bytes - cut);
        } else {
            driver.readable(AT, bytes);
        }
        driver.offer(0);
        driver.publish();
        check(queue.poll(chain) == Verdict.CHAIN, "no chain");
        return chain;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
