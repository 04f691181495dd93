package ringfence.fs.tree;

import java.lang.foreign.MemorySegment;
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
    private final FileHandles fileHandles;
    private final NodeCache cache;
    private final OpenTable nodes;
    private final OpenTable handles;
    private final DescriptorBudget budget;
    private final StreamBuffers streams = new StreamBuffers();
    private final LockFiles locks = new LockFiles();
    private final Retired retired;

    /** As the other one, and each node keeps its descriptor. */
    public Tree(Linux linux, Fd root, int nodeSlots, int handleSlots, int descriptors, LongConsumer onKept) {
        this(linux, root, nodeSlots, handleSlots, descriptors, HandleUse.NEVER, onKept);
    }

    /**
     * With nothing open but the root.
     *
     * @param root the shared directory, owned from now on
     * @param nodeSlots slots of nodes
     * @param handleSlots slots of handles
     * @param descriptors most descriptors open at a time
     * @param use when nodes are opened by their handles
     * @param onKept told the node id of each freed node whose keeper may let go of it
     * @throws ringfence.linux.ErrnoException if /proc is not there
     * @throws IllegalArgumentException if handles are mandatory and there are none; one line; the root stays the caller's
     */
    public Tree(
            Linux linux, Fd root, int nodeSlots, int handleSlots, int descriptors, HandleUse use, LongConsumer onKept) {
        retired = new Retired(onKept);
        self = linux.files().open("/proc/self/fd", OpenFlag.PATH, OpenFlag.DIRECTORY);
        try {
            fileHandles = FileHandles.open(linux, self, root, use);
        } catch (RuntimeException e) {
            self.close();
            throw e;
        }
        nodes = new OpenTable(nodeSlots);
        // half of the descriptors at most: the other half is for what the guest has open
        cache = new NodeCache(nodes, descriptors / 2, retired::add);
        nodes.cache(cache::admit);
        budget = new DescriptorBudget(descriptors, cache::reclaim);
        handles = new OpenTable(handleSlots);
        budget.tryTake();
        nodes.put(0, new OpenFile(root, budget));
    }

    /** /proc/self/fd. */
    public Fd self() {
        return self;
    }

    /** By which nodes are opened again. */
    public FileHandles fileHandles() {
        return fileHandles;
    }

    /**
     * A node by its handle.
     *
     * @param handle whole, as long as its first word says
     * @return minus the errno, or the descriptor, for which the budget has been asked
     */
    public long tryOpen(MemorySegment handle) {
        budget.take();
        long fd = fileHandles.tryOpen(handle);
        if (fd < 0) {
            budget.give();
        }
        return fd;
    }

    /** Whether a node's descriptor is lent by this handle. */
    public boolean isLent(int slot, OpenFile handle) {
        OpenFile node = nodes.peek(slot);
        return node != null && node.isLentBy(handle);
    }

    /**
     * Gives a node that has been lent its descriptor by a handle one of its own.
     *
     * @param node the caller is a user
     * @param descriptor of the same file, owned from now on
     */
    public void settle(OpenFile node, Fd descriptor) {
        budget.take();
        OpenFile own = new OpenFile(descriptor, budget);
        own.byHandle(node.isByHandle());
        own.mark();
        if (nodes.replace(node, own)) {
            node.release();
        } else {
            own.release();
        }
    }

    /** Sees to it that a node's descriptor stays open, since it is about to lose its name. @return false: it is closed */
    public boolean pin(OpenFile node) {
        return cache.pin(node);
    }

    /** It keeps its name after all. */
    public void unpin(OpenFile node) {
        cache.unpin(node);
    }

    /** A descriptor for each node, as far as it is open. */
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
        fileHandles.close();
        self.close();
    }
}
