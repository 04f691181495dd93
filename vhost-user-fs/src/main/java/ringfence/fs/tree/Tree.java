package ringfence.fs.tree;

import java.util.Set;
import java.util.function.LongConsumer;
import ringfence.fs.state.Freed;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Resolve;

/** All that is open: the root, the nodes, the handles, /proc/self/fd. Any thread; owns its descriptors. */
public final class Tree implements Freed, AutoCloseable {
    /** How a component below the root is resolved. */
    public static final Set<Resolve> BENEATH = Set.of(Resolve.BENEATH, Resolve.NO_MAGICLINKS, Resolve.NO_SYMLINKS);

    private final Fd self;
    private final OpenTable nodes;
    private final OpenTable handles;
    private final DescriptorBudget budget;
    private final StreamBuffers streams = new StreamBuffers();
    private final LockFiles locks = new LockFiles();
    private final Retired retired;

    /**
     * With nothing open but the root.
     *
     * @param root the shared directory, owned from now on
     * @param nodeSlots slots of nodes
     * @param handleSlots slots of handles
     * @param descriptors most descriptors open at a time
     * @param onKept told the node id of each freed node whose keeper may let go of it
     * @throws ringfence.linux.ErrnoException if /proc is not there
     */
    public Tree(Linux linux, Fd root, int nodeSlots, int handleSlots, int descriptors, LongConsumer onKept) {
        retired = new Retired(onKept);
        self = linux.files().open("/proc/self/fd", OpenFlag.PATH, OpenFlag.DIRECTORY);
        budget = new DescriptorBudget(descriptors);
        nodes = new OpenTable(nodeSlots);
        handles = new OpenTable(handleSlots);
        budget.tryTake();
        nodes.put(0, new OpenFile(root, budget));
    }

    /** /proc/self/fd. */
    public Fd self() {
        return self;
    }

    /** A descriptor for each node. */
    public OpenTable nodes() {
        return nodes;
    }

    /** A descriptor for each handle. */
    public OpenTable handles() {
        return handles;
    }

    /** How many there may be. */
    public DescriptorBudget budget() {
        return budget;
    }

    /** Buffers for reading directories. */
    public StreamBuffers streams() {
        return streams;
    }

    /** A descriptor for each owner of locks on a file. */
    public LockFiles locks() {
        return locks;
    }

    @Override
    public void node(int slot) {
        OpenFile file = nodes.take(slot);
        if (file != null) {
            retired.add(file);
        }
    }

    @Override
    public void handle(int slot) {
        OpenFile file = handles.take(slot);
        if (file != null) {
            retired.add(file);
        }
    }

    /** Closes what was freed. Outside of the state's lock. */
    public void releaseFreed() {
        retired.release();
    }

    @Override
    public void close() {
        releaseFreed();
        synchronized (locks) {
            locks.clear();
        }
        handles.clear();
        nodes.clear();
        self.close();
    }
}
