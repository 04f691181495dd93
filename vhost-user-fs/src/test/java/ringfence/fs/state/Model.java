package ringfence.fs.state;

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
        return handle != null && freeIfUnused(handle.node);
    }

    void newSession() {
        session++;
        handles.clear();
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
        return picture.toString();
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
        return model;
    }
}
