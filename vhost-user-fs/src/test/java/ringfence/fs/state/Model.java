package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;

/** What the state is to be, in plain Java: no file, no slots given back by bits, no notes. */
final class Model {
    /** Immutable. A parent is a slot. */
    record Node(
            long id, long inode, int mode, long lookups, int parent, String name, String handle, boolean superseded) {
        Node lookups(long count) {
            return new Node(id, inode, mode, count, parent, name, handle, superseded);
        }

        Node place(int newParent, String newName) {
            return new Node(id, inode, mode, lookups, newParent, newName, handle, superseded);
        }

        Node supersede() {
            return new Node(id, inode, mode, lookups, parent, name, handle, true);
        }
    }

    record Handle(long id, int node, int flags, boolean directory) {}

    final TreeMap<Integer, Node> nodes = new TreeMap<>();
    final TreeMap<Integer, Handle> handles = new TreeMap<>();
    /** Of an owner of a node, by byte: who has locked it, and whether for writing. */
    final TreeMap<String, TreeMap<Long, Integer>> locks = new TreeMap<>();

    long session = 1;

    Model() {
        nodes.put(
                NodeTable.ROOT,
                new Node(1, TestState.ROOT_INODE, TestState.DIRECTORY, 0, NodeTable.NONE, "", "", false));
    }

    Model copy() {
        Model copy = new Model();
        copy.nodes.putAll(nodes);
        copy.handles.putAll(handles);
        locks.forEach((owner, bytes) -> copy.locks.put(owner, new TreeMap<>(bytes)));
        copy.session = session;
        return copy;
    }

    int find(long inode) {
        for (Map.Entry<Integer, Node> entry : nodes.entrySet()) {
            if (entry.getValue().inode == inode && !entry.getValue().superseded) {
                return entry.getKey();
            }
        }
        return NodeTable.NONE;
    }

    int references(int slot) {
        return (int)
                (nodes.values().stream().filter(node -> node.parent == slot).count()
                        + handles.values().stream()
                                .filter(handle -> handle.node == slot)
                                .count());
    }

    void add(int slot, Node node) {
        int older = find(node.inode);
        if (older != NodeTable.NONE) {
            nodes.computeIfPresent(older, (key, value) -> value.supersede());
        }
        nodes.put(slot, node);
    }

    void lookedUp(int slot, long more) {
        nodes.computeIfPresent(slot, (key, node) -> node.lookups(node.lookups + more));
    }

    boolean forget(int slot, long less) {
        Node node = nodes.get(slot);
        if (node == null) {
            return false;
        }
        nodes.put(slot, node.lookups(Math.max(0, node.lookups - less)));
        return freeIfUnused(slot);
    }

    boolean freeIfUnused(int slot) {
        Node node = nodes.get(slot);
        if (slot == NodeTable.ROOT || node == null || node.lookups > 0 || references(slot) > 0) {
            return false;
        }
        nodes.remove(slot);
        freeIfUnused(node.parent);
        return true;
    }

    void move(int slot, int parent, String name) {
        Node node = nodes.get(slot);
        if (node == null || slot == NodeTable.ROOT) {
            return;
        }
        int place = nodes.containsKey(parent) && parent != slot ? parent : NodeTable.NONE;
        for (int at = place; at != NodeTable.NONE; at = nodes.get(at).parent) {
            if (nodes.get(at).parent == slot) {
                nodes.put(at, nodes.get(at).place(NodeTable.NONE, nodes.get(at).name));
            }
        }
        nodes.put(slot, node.place(place, name));
        if (node.parent != place) {
            freeIfUnused(node.parent);
        }
        freeIfUnused(slot);
    }

    boolean release(int slot) {
        Handle handle = handles.remove(slot);
        if (handle == null) {
            return false;
        }
        boolean freed = freeIfUnused(handle.node);
        if (references(handle.node) == 0) {
            locks.keySet().removeIf(owner -> owner.startsWith(handle.node + " "));
        }
        return freed;
    }

    static String owner(int node, long owner, boolean flock) {
        return node + " " + owner + " " + flock;
    }

    void lock(int node, long owner, long start, long end, int type) {
        TreeMap<Long, Integer> bytes = locks.computeIfAbsent(owner(node, owner, false), key -> new TreeMap<>());
        for (long at = start; at <= end; at++) {
            if (type == LockTable.UNLOCK) {
                bytes.remove(at);
            } else {
                bytes.put(at, type);
            }
        }
        unlockIfEmpty(owner(node, owner, false));
    }

    private void unlockIfEmpty(String owner) {
        if (locks.get(owner).isEmpty()) {
            locks.remove(owner);
        }
    }

    int unlock(int node, long owner) {
        TreeMap<Long, Integer> bytes = locks.remove(owner(node, owner, false));
        return bytes == null ? 0 : ranges(bytes);
    }

    /** How many slots they take. */
    int ranges() {
        return locks.values().stream().mapToInt(Model::ranges).sum();
    }

    private static int ranges(TreeMap<Long, Integer> bytes) {
        int ranges = 0;
        for (Map.Entry<Long, Integer> entry : bytes.entrySet()) {
            ranges += entry.getValue().equals(bytes.get(entry.getKey() - 1)) ? 0 : 1;
        }
        return ranges;
    }

    void newSession() {
        session++;
        handles.clear();
        locks.clear();
        Node root = nodes.get(NodeTable.ROOT).lookups(0);
        nodes.clear();
        nodes.put(NodeTable.ROOT, root);
    }

    /** As {@link TestState#picture}, of what a model knows. */
    String picture() {
        StringBuilder picture = new StringBuilder("session " + session);
        nodes.forEach((slot, node) -> picture.append('\n')
                .append(slot)
                .append(' ')
                .append(node)
                .append(' ')
                .append(references(slot)));
        handles.forEach(
                (slot, handle) -> picture.append('\n').append(slot).append(' ').append(handle));
        locks.forEach(
                (owner, bytes) -> picture.append("\nlocks of ").append(owner).append(bytes));
        return picture.append('\n').append(ranges()).toString();
    }

    /** The model that a state is. */
    static Model of(TestState test) {
        Model model = new Model();
        NodeTable table = test.state.nodes();
        model.session = test.state.session().number();
        table.forEach(slot -> model.nodes.put(
                slot,
                new Node(
                        table.id(slot),
                        table.inode(slot),
                        table.mode(slot),
                        table.lookups(slot),
                        table.parent(slot),
                        test.name(slot),
                        test.fileHandle(slot),
                        table.isSuperseded(slot))));
        HandleTable handles = test.state.handles();
        handles.forEach(slot -> model.handles.put(
                slot,
                new Handle(handles.id(slot), handles.node(slot), handles.flags(slot), handles.isDirectory(slot))));
        LockTable locks = test.state.locks();
        locks.forEach(slot ->
                model.lock(locks.node(slot), locks.owner(slot), locks.start(slot), locks.end(slot), locks.type(slot)));
        assertThat(locks.count()).isEqualTo(model.ranges());
        return model;
    }
}
