package ringfence.vmm.supervise;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import ringfence.linux.Datagram;
import ringfence.linux.Epoll;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.Log;

/**
 * Descriptors that a daemon gives away so that its successor gets them: the store of sd_notify(3), for one child at a time.
 * What the child sends to {@link #address} is heard as long as it is the child that {@link #start} has started: {@code
 * FDSTORE=1} with {@code FDNAME=} keeps the one descriptor that comes along, in place of one of the same name; {@code
 * FDSTOREREMOVE=1} closes what is kept under the name. All else is passed over, and so is what comes from others or is no
 * such message; its descriptors are closed.
 *
 * <p>Bounded: {@value #MOST} descriptors, names of {@value NotifyMessage#MAX_NAME} characters, {@value #MOST_TEXT} of them
 * altogether, so that they fit into one environment variable. What is too much is not kept; the first time the log says so.
 *
 * <p>Any thread may call. A thread of its own takes the messages and closes what is not kept, for closing somebody else's
 * file may take long.
 */
public final class DescriptorStore implements AutoCloseable {
    /** The most descriptors. */
    public static final int MOST = 4096;
    /** The most characters of all names, with one between each two. */
    public static final int MOST_TEXT = 120_000;

    private static final int LONGEST = 4096;
    private static final int THREAD_NAME = 15;
    private static final int AT_ONCE = 256;
    private static final int ALL = 1 << 16; // more than a socket queues, unless others flood it
    private static final long PAUSE_MILLIS = 1; // after so many at once: what floods us costs us little
    private static final long CLOSE_MILLIS = 1000;
    private static final long MESSAGE = 0;
    private static final long WAKE = 1;

    private final Linux linux;
    private final String device;
    private final String path;
    private final Log log = Log.of("device");
    private final MemorySegment buffer = Arena.ofAuto().allocate(LONGEST);
    private final Fd socket;
    private final EventFd wake;
    private final Epoll epoll;
    private final Thread thread;
    private final SequencedMap<String, Fd> kept = new LinkedHashMap<>(); // as all below: guarded by this
    private final Deque<Fd> discarded = new ArrayDeque<>();
    private int text;
    private int child; // its process id; 0: none yet
    private boolean refused;
    private boolean closing;

    /**
     * A store that listens.
     *
     * @param device whose it is, for the log and the thread's name
     * @param path of its socket, which must not exist; in a folder that is only ours
     * @throws RuntimeException if the socket cannot be made
     */
    public DescriptorStore(Linux linux, String device, String path) {
        this.linux = linux;
        this.device = device;
        this.path = path;
        socket = linux.datagrams().bind(path);
        wake = linux.events().eventFd();
        epoll = linux.events().epoll(2);
        epoll.add(socket, Epoll.IN, MESSAGE);
        epoll.add(wake.fd(), Epoll.IN, WAKE);
        String name = device + "/store";
        thread = Thread.ofPlatform()
                .name(name.substring(0, Math.min(THREAD_NAME, name.length())))
                .daemon()
                .unstarted(this::run);
        thread.start();
    }

    /** What the child finds in {@code $NOTIFY_SOCKET}. */
    public String address() {
        return path;
    }

    /**
     * Starts the next child with what the one before has left, which has to be dead: all that it sent is heard first.
     *
     * @param starter gets the descriptors by name, in the order in which they came; they stay the store's
     * @param pid of what it has started
     * @return what the starter has started
     */
    public synchronized <T> T start(Function<SequencedMap<String, Fd>, T> starter, ToIntFunction<T> pid) {
        drain(ALL);
        if (!discarded.isEmpty()) {
            wake.signal(); // the thread closes them
        }
        T next = starter.apply(Collections.unmodifiableSequencedMap(kept));
        adopt(pid.applyAsInt(next)); // whatever it has sent meanwhile waits for us
        return next;
    }

    /** Hears that process from now on, and no other. */
    synchronized void adopt(int pid) {
        child = pid;
    }

    /** The names under which something is kept. */
    synchronized List<String> names() {
        return List.copyOf(kept.keySet());
    }

    // ---- the thread ---------------------------------------------------------------------------------------------

    private void run() {
        try {
            while (true) {
                epoll.await(-1);
                wake.drain();
                boolean more;
                List<Fd> gone;
                synchronized (this) {
                    if (closing) {
                        break;
                    }
                    more = drain(AT_ONCE);
                    gone = new ArrayList<>(discarded);
                    discarded.clear();
                }
                gone.forEach(Fd::close);
                if (more) {
                    Thread.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        end();
    }

    private void end() {
        List<Fd> all;
        synchronized (this) {
            all = new ArrayList<>(discarded);
            all.addAll(kept.values());
            kept.clear();
            discarded.clear();
        }
        all.forEach(Fd::close);
    }

    /** Hears what has come, some messages at most. @return whether there may be more. Guarded by this */
    private boolean drain(int most) {
        for (int i = 0; i < most; i++) {
            Datagram datagram = linux.datagrams().tryReceive(socket, buffer);
            if (datagram.bytes() < 0) {
                return false;
            }
            hear(datagram);
        }
        return true;
    }

    private void hear(Datagram datagram) {
        if (datagram.cut() || child == 0 || datagram.sender() != child) {
            discarded.addAll(datagram.fds());
            return;
        }
        byte[] bytes = new byte[(int) datagram.bytes()];
        MemorySegment.copy(buffer, 0, MemorySegment.ofArray(bytes), 0, bytes.length);
        NotifyMessage message = NotifyMessage.of(new String(bytes, StandardCharsets.ISO_8859_1));
        if (message.stores()
                && !message.removes()
                && message.name().isPresent()
                && datagram.fds().size() == 1) {
            keep(message.name().get(), datagram.fds().getFirst());
            return;
        }
        discarded.addAll(datagram.fds());
        if (message.removes()) {
            message.name().ifPresent(this::remove);
        }
    }

    private void keep(String name, Fd fd) {
        remove(name);
        if (kept.size() == MOST || text + name.length() + 1 > MOST_TEXT) {
            discarded.add(fd);
            if (!refused) {
                refused = true;
                log.warn(device + ": its daemon leaves more than " + kept.size()
                        + " files to its successor: the others are lost if it dies");
            }
            return;
        }
        kept.put(name, fd);
        text += name.length() + 1;
    }

    private void remove(String name) {
        Fd old = kept.remove(name);
        if (old != null) {
            discarded.add(old);
            text -= name.length() + 1;
        }
    }

    /** Closes all that is kept, and the socket. The child has ended. */
    @Override
    public void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        wake.signal();
        boolean ended = false;
        try {
            ended = thread.join(Duration.ofMillis(CLOSE_MILLIS));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        linux.files().unlink(path);
        if (ended) { // else a file that the child has left hangs in close(2), and the thread goes with the process
            epoll.close();
            socket.close();
            wake.close();
        }
    }
}
