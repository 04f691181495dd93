package ringfence.it.fault;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ringfence.it.fuse.FuseGuest;
import ringfence.it.fuse.FuseRequest;
import ringfence.it.fuse.FuseSession;
import ringfence.it.fuse.Init;
import ringfence.it.fuse.Opcode;
import ringfence.it.fuse.OpenFiles;
import ringfence.it.lab.Checkout;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.NetLayout;

/** What a guest asks of a daemon again and again, from all of its slots at once, and whether that is answered rightly. One thread. */
abstract class MemoryLoad {
    static final int SLOTS = 16;
    static final int BLOCK = 4096;

    final FuseGuest guest;
    private final int queue;
    private int busy;

    private MemoryLoad(FuseGuest guest, int queue) {
        this.guest = guest;
        this.queue = queue;
    }

    /** The daemons, each with what it serves in a folder. */
    enum Kind {
        DISK("vhost-user-blk") {
            @Override
            List<String> serve(Path folder) throws IOException {
                Path image = Files.write(folder.resolve("image"), new byte[SLOTS * BLOCK]);
                return List.of("--blk-file=" + image, "--num-queues=2"); // what a FuseGuest has at least
            }

            @Override
            MemoryLoad on(FuseGuest guest) {
                return new Disk(guest);
            }
        },
        FOLDER("vhost-user-fs") {
            @Override
            List<String> serve(Path folder) throws IOException {
                Path shared = Files.createDirectory(folder.resolve("shared"));
                byte[] content = new byte[SLOTS * BLOCK];
                for (int i = 0; i < content.length; i++) {
                    content[i] = (byte) (i / BLOCK + 1);
                }
                Files.write(shared.resolve("file"), content);
                return List.of("--shared-dir=" + shared);
            }

            @Override
            MemoryLoad on(FuseGuest guest) {
                return new Folder(guest);
            }
        },
        /** With one port only, so that a frame comes to nobody, or with another guest at the second one. */
        SWITCH("vhost-user-net") {
            @Override
            List<String> serve(Path folder) {
                return List.of("--backend=switch", "--ports=2");
            }

            @Override
            MemoryLoad on(FuseGuest guest) {
                return new Card(guest);
            }
        };

        private final String program;

        Kind(String program) {
            this.program = program;
        }

        abstract List<String> serve(Path folder) throws IOException;

        /** The load of a guest that is connected. */
        abstract MemoryLoad on(FuseGuest guest);

        List<String> command(Path folder, Path socket, String... more) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Checkout.find().product().resolve("bin").resolve(program).toString(), "--socket-path=" + socket));
            command.addAll(serve(folder));
            command.addAll(List.of(more));
            return command;
        }
    }

    /** Puts a request into a slot of the queue. */
    abstract void offer(int slot);

    /** A request has ended. @throws IllegalStateException if it has ended otherwise than it should */
    abstract void check(int slot);

    /** Asks from all slots; none is under way. */
    void begin() {
        for (int slot = 0; slot < SLOTS; slot++) {
            offer(slot);
        }
        busy = SLOTS;
        guest.publish(queue);
    }

    /** Waits until all is answered. */
    void end(long nanos) {
        long deadline = System.nanoTime() + nanos;
        while (busy > 0) {
            int slot = guest.reap(queue);
            if (slot >= 0) {
                check(slot);
                busy--;
            } else if (System.nanoTime() > deadline) {
                throw new IllegalStateException(busy + " requests are not answered");
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Kicks, whether there is something or not. */
    void kick() {
        guest.kick(queue);
    }

    /** Each slot has a block: what it has written it reads again the next time. */
    private static final class Disk extends MemoryLoad {
        private final long[] stamps = new long[SLOTS];
        private final boolean[] reads = new boolean[SLOTS];
        private long stamp;

        Disk(FuseGuest guest) {
            super(guest, 0);
        }

        @Override
        void offer(int slot) {
            long request = guest.request(0, slot);
            boolean read = stamps[slot] != 0 && !reads[slot];
            reads[slot] = read;
            guest.ram().set(ValueLayout.JAVA_LONG, request, read ? BlkLayout.T_IN : BlkLayout.T_OUT);
            guest.ram()
                    .set(
                            ValueLayout.JAVA_LONG,
                            request + BlkLayout.HEADER_SECTOR,
                            (long) slot * (BLOCK / BlkLayout.SECTOR));
            guest.ram().set(ValueLayout.JAVA_BYTE, status(slot), (byte) 0x5A);
            if (read) {
                guest.offerRaw(0, slot, new int[] {BlkLayout.HEADER}, new int[] {BLOCK, 1});
            } else {
                stamps[slot] = ++stamp;
                for (int i = 0; i < BLOCK; i += 8) {
                    guest.ram().set(ValueLayout.JAVA_LONG, request + BlkLayout.HEADER + i, stamp);
                }
                guest.offerRaw(0, slot, new int[] {BlkLayout.HEADER, BLOCK}, new int[] {1});
            }
        }

        private long status(int slot) {
            return guest.reply(0, slot) + (reads[slot] ? BLOCK : 0);
        }

        @Override
        void check(int slot) {
            int status = guest.ram().get(ValueLayout.JAVA_BYTE, status(slot));
            for (int i = 0; status == BlkLayout.S_OK && reads[slot] && i < BLOCK; i += 8) {
                long found = guest.ram().get(ValueLayout.JAVA_LONG, guest.reply(0, slot) + i);
                if (found != stamps[slot]) {
                    throw new IllegalStateException(
                            "block " + slot + " has " + found + ", written was " + stamps[slot]);
                }
            }
            if (status != BlkLayout.S_OK) {
                throw new IllegalStateException("status " + status);
            }
        }
    }

    /** Each slot reads a page of a file. */
    private static final class Folder extends MemoryLoad {
        private static final int QUEUE = 1;
        private static final int BYTES = 80;

        private final FuseRequest request;
        private final long node;
        private final long handle;
        private long unique = 1 << 20;

        Folder(FuseGuest guest) {
            super(guest, QUEUE);
            FuseSession session = new FuseSession(guest);
            session.init(Init.MINOR, FuseSession.FLAGS, 0);
            node = session.names().lookup(FuseSession.ROOT, "file").node();
            handle = session.files().open(node, OpenFiles.RDONLY).handle();
            request = new FuseRequest(guest.ram());
        }

        @Override
        void offer(int slot) {
            unique += 2;
            request.begin(guest.request(QUEUE, slot), Opcode.READ, unique, node, 0, 0)
                    .u64(handle)
                    .u64((long) slot * BLOCK)
                    .u32(BLOCK)
                    .u32(0)
                    .u64(0)
                    .u32(0)
                    .u32(0)
                    .end(0);
            guest.ram().set(ValueLayout.JAVA_BYTE, guest.data(QUEUE, slot), (byte) 0);
            guest.offer(QUEUE, slot, BYTES, 0, 0, BLOCK, true);
        }

        @Override
        void check(int slot) {
            int error = guest.ram().get(ValueLayout.JAVA_INT, guest.reply(QUEUE, slot) + 4);
            int first = guest.ram().get(ValueLayout.JAVA_BYTE, guest.data(QUEUE, slot));
            if (error != 0 || first != slot + 1) {
                throw new IllegalStateException("page " + slot + ": error " + error + ", first byte " + first);
            }
        }
    }

    /** Each slot sends a frame to all. What comes is taken and counts for nothing. */
    private static final class Card extends MemoryLoad {
        private static final int SENDS = 1;
        private static final int FRAME = 1000;

        Card(FuseGuest guest) {
            super(guest, SENDS);
            for (int slot = 0; slot < SLOTS; slot++) {
                receive(slot);
            }
            guest.publish(0);
        }

        private void receive(int slot) {
            guest.offerRaw(0, slot, new int[0], new int[] {2048});
        }

        @Override
        void offer(int slot) {
            long at = guest.request(SENDS, slot);
            for (int i = 0; i < NetLayout.HEADER; i++) {
                guest.ram().set(ValueLayout.JAVA_BYTE, at + i, (byte) 0);
            }
            long frame = at + NetLayout.HEADER;
            for (int i = 0; i < 6; i++) {
                guest.ram().set(ValueLayout.JAVA_BYTE, frame + i, (byte) 0xFF);
                guest.ram().set(ValueLayout.JAVA_BYTE, frame + 6 + i, (byte) (2 + 2 * slot));
            }
            guest.ram().set(ValueLayout.JAVA_BYTE, frame + 12, (byte) 0x88);
            guest.ram().set(ValueLayout.JAVA_BYTE, frame + 13, (byte) 0xB5);
            guest.offerRaw(SENDS, slot, new int[] {NetLayout.HEADER + FRAME}, new int[0]);
        }

        @Override
        void check(int slot) {
            boolean more = false;
            for (int filled = guest.reap(0); filled >= 0; filled = guest.reap(0)) {
                receive(filled);
                more = true;
            }
            if (more) {
                guest.publish(0);
            }
        }
    }
}
