package ringfence.vmm.device.local;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.virtio.queue.Verdict;

/**
 * Fuzz target: any command on a network device's control queue, in buffers of any length. The answer and the effect are
 * those of the specification, as {@link #expected} puts it; one byte is written, if there is room for one, and no other
 * byte of memory. The first four bytes of an input: features taken, room for the answer, length of a buffer, pairs of
 * queues that there are.
 */
class NetControlFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int SIZE = 64;
    private static final int MOST = 8192;
    private static final long ANSWER = 0x8000;
    private static final long COMMAND = 0x10000;
    private static final byte UNTOUCHED = 0x5a;
    private static final List<Long> FEATURES = List.of(
            NetControlLayout.F_CTRL_RX,
            NetControlLayout.F_CTRL_MAC_ADDR,
            NetControlLayout.F_GUEST_ANNOUNCE,
            NetLayout.F_MQ,
            NetControlLayout.F_CTRL_GUEST_OFFLOADS);
    private static final Pattern MODE = Pattern.compile("000[01]0[01]");
    private static final Pattern ADDRESS = Pattern.compile("0101([0-9a-f]{12})");
    private static final Pattern OFFLOADS = Pattern.compile("0500([0-9a-f]{16})");
    private static final Pattern PAIRS = Pattern.compile("0400([0-9a-f]{2})([0-9a-f]{2})");

    private static final GuestRam RAM =
            new GuestRam(Linux.system(), List.of(new GuestRam.Range(0, 0x20000)), RamOptions.DEFAULT);
    private static final MemoryTable MEMORY = RAM.table();
    private static final ChainCursor CHAIN = ChainCursor.forQueueSize(SIZE);
    private static final Recorder RECORDER = new Recorder();
    private static final NetControl CONTROL = new NetControl(Linux.system(), "ctrl", SIZE, MEMORY, RECORDER);

    /** Has as many pairs of queues and the features that an input says, and remembers what it was told. */
    private static final class Recorder implements NetCommands {
        private long features;
        private int most;
        private String effect = "";

        @Override
        public long acknowledged() {
            return features;
        }

        @Override
        public boolean pairs(int count) {
            boolean can = count >= 1 && count <= most;
            effect += can ? "pairs " + count : "";
            return can;
        }

        @Override
        public boolean address(byte[] mac) {
            boolean can = (mac[0] & 1) == 0;
            effect += can ? "address " + HexFormat.of().formatHex(mac) : "";
            return can;
        }

        @Override
        public boolean offloads(long bits) {
            boolean can = (bits & ~NetControlLayout.SWITCHABLE) == 0;
            effect += can ? "offloads " + Long.toHexString(bits) : "";
            return can;
        }

        @Override
        public void announced() {
            effect += "announced";
        }
    }

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyCommand(byte[] data) {
        EXECUTIONS.run(data, this::command);
    }

    private void command(byte[] data) {
        if (data.length < 4 || data.length > MOST) {
            return;
        }
        byte[] command = Arrays.copyOfRange(data, 4, data.length);
        int room = data[1] & 3;
        RECORDER.features = 0;
        for (int i = 0; i < FEATURES.size(); i++) {
            RECORDER.features |= (data[0] >> i & 1) != 0 ? FEATURES.get(i) : 0;
        }
        RECORDER.most = data[3] & 0xff;
        RECORDER.effect = "";
        int written = serve(command, room, data[2] & 0xff);
        String wanted = room == 0 ? null : expected(command);
        same(written == Math.min(room, 1), "written " + written);
        same(RECORDER.effect.equals(wanted == null ? "" : wanted), "effect '" + RECORDER.effect + "', not " + wanted);
        byte[] answer = new byte[8];
        MEMORY.read(ANSWER, answer);
        byte[] right = untouched();
        if (room > 0) {
            right[0] = (byte) (wanted == null ? NetControlLayout.ERR : NetControlLayout.OK);
        }
        same(Arrays.equals(answer, right), "answer " + Arrays.toString(answer));
        byte[] after = new byte[command.length];
        MEMORY.read(COMMAND, after);
        same(Arrays.equals(after, command), "the command is read only");
    }

    private static byte[] untouched() {
        byte[] bytes = new byte[8];
        Arrays.fill(bytes, UNTOUCHED);
        return bytes;
    }

    /** Puts it into a ring, in buffers of about that length, takes it out and has it carried out. */
    private static int serve(byte[] command, int room, int length) {
        MEMORY.write(COMMAND, command);
        MEMORY.write(ANSWER, untouched());
        int part = Math.max(length + 1, (command.length + SIZE - 2) / (SIZE - 1));
        int parts = (command.length + part - 1) / part + (room > 0 ? 1 : 0);
        if (parts == 0) {
            return 0; // no chain is empty
        }
        QueueConfig place = GuestDriver.place(0x1000, SIZE, false, false);
        GuestDriver driver = GuestDriver.direct(place, MEMORY);
        SplitQueue queue = SplitQueue.start(place, MEMORY, QueueState.FRESH);
        same(driver.begin(parts), "room in the ring");
        for (int at = 0; at < command.length; at += part) {
            driver.readable(COMMAND + at, Math.min(part, command.length - at));
        }
        if (room > 0) {
            driver.writable(ANSWER, room);
        }
        driver.offer(0);
        driver.publish();
        same(queue.poll(CHAIN) == Verdict.CHAIN, "a good chain");
        return CONTROL.serve(0, CHAIN);
    }

    /** Virtio 1.3, 5.1.6.5. @return the effect of a command, which may be none; null: it is refused */
    private static String expected(byte[] command) {
        String hex = HexFormat.of().formatHex(command);
        Matcher address = ADDRESS.matcher(hex);
        Matcher pairs = PAIRS.matcher(hex);
        Matcher offloads = OFFLOADS.matcher(hex);
        String effect = null;
        if (MODE.matcher(hex).matches() && took(NetControlLayout.F_CTRL_RX)) {
            effect = "";
        } else if (hex.startsWith("0100") && took(NetControlLayout.F_CTRL_RX)) {
            effect = isEnd(command, table(command, table(command, 2))) ? "" : null;
        } else if (address.matches() && took(NetControlLayout.F_CTRL_MAC_ADDR)) {
            effect = (command[2] & 1) == 0 ? "address " + address.group(1) : null;
        } else if (hex.equals("0300") && took(NetControlLayout.F_GUEST_ANNOUNCE)) {
            effect = "announced";
        } else if (offloads.matches() && took(NetControlLayout.F_CTRL_GUEST_OFFLOADS)) {
            long bits = Long.reverseBytes(Long.parseUnsignedLong(offloads.group(1), 16));
            effect = (bits & ~NetControlLayout.SWITCHABLE) == 0 ? "offloads " + Long.toHexString(bits) : null;
        } else if (pairs.matches() && took(NetLayout.F_MQ)) {
            int count = Integer.parseInt(pairs.group(2) + pairs.group(1), 16);
            effect = count >= 1 && count <= RECORDER.most ? "pairs " + count : null;
        }
        return effect;
    }

    private static boolean took(long feature) {
        return (RECORDER.features & feature) != 0;
    }

    private static boolean isEnd(byte[] command, long at) {
        return at == command.length;
    }

    /** Where a table of addresses that begins there ends; -1: beyond the command. */
    private static long table(byte[] command, long at) {
        if (at < 0 || at + 4 > command.length) {
            return -1;
        }
        long entries = 0;
        for (int i = 3; i >= 0; i--) {
            entries = entries << 8 | command[(int) at + i] & 0xff;
        }
        long end = at + 4 + 6 * entries;
        return end <= command.length ? end : -1;
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
