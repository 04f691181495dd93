package ringfence.fs.state;

/** The names under which a {@link ringfence.keep.Keeper} holds what this daemon leaves to its successor. */
public final class KeptName {
    /** The state file. */
    public static final String STATE = "state";

    private static final String NODE = "node-";

    private KeptName() {}

    /** Whether it is one of ours. */
    public static boolean isOurs(String name) {
        return name.equals(STATE) || isNode(name);
    }

    /** Of a node's descriptor. */
    public static String node(long id) {
        return NODE + Long.toHexString(id);
    }

    /** Whether it is the name of a node's descriptor, of which there may be none. */
    public static boolean isNode(String name) {
        return name.startsWith(NODE);
    }

    /** Which node's. @throws NumberFormatException if the name holds no node id */
    public static long node(String name) {
        return Long.parseUnsignedLong(name.substring(NODE.length()), 16);
    }
}
