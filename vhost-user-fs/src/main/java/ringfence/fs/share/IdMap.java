package ringfence.fs.share;

import java.util.List;

/**
 * User or group ids of the guest and of the host, as {@code --translate-uid} and {@code --translate-gid} say. Immutable;
 * an id that no rule is about is itself.
 */
public final class IdMap {
    /** An answer: this id may not be used. */
    public static final long FORBIDDEN = -1;

    /** How a rule changes an id. */
    public enum Kind {
        /** One to one, both ways. */
        MAP,
        /** One to one, from guest to host only. */
        GUEST,
        /** One to one, from host to guest only. */
        HOST,
        /** All of the range to one id, from guest to host. */
        SQUASH_GUEST,
        /** All of the range to one id, from host to guest. */
        SQUASH_HOST,
        /** Not to be used by the guest. */
        FORBID_GUEST
    }

    /**
     * A rule.
     *
     * @param from first id where it comes from (for MAP: of the guest), unsigned 32 bits
     * @param to what that becomes
     * @param count ids in the range
     */
    public record Rule(Kind kind, long from, long to, long count) {
        /** Whether both say what becomes of one of the guest's ids, or of the host's. */
        public boolean isAboutTheSame(Rule other) {
            return isOfGuest() && other.isOfGuest() && meets(from, other.from, other)
                    || isOfHost() && other.isOfHost() && meets(firstOfHost(), other.firstOfHost(), other);
        }

        private boolean meets(long first, long others, Rule other) {
            return first < others + other.count && others < first + count;
        }

        private boolean isOfGuest() {
            return kind != Kind.HOST && kind != Kind.SQUASH_HOST;
        }

        private boolean isOfHost() {
            return kind == Kind.MAP || !isOfGuest();
        }

        private long firstOfHost() {
            return kind == Kind.MAP ? to : from;
        }
    }

    /** Every id is itself. */
    public static final IdMap IDENTITY = new IdMap(List.of());

    private final Rule[] rules;

    /** By these rules. */
    public IdMap(List<Rule> rules) {
        this.rules = rules.toArray(Rule[]::new);
    }

    /** The host's id for one of the guest's; or {@link #FORBIDDEN}. */
    public long toHost(int guest) {
        long id = Integer.toUnsignedLong(guest);
        for (Rule rule : rules) {
            if (id >= rule.from && id - rule.from < rule.count) {
                switch (rule.kind) {
                    case MAP, GUEST -> {
                        return rule.to + (id - rule.from);
                    }
                    case SQUASH_GUEST -> {
                        return rule.to;
                    }
                    case FORBID_GUEST -> {
                        return FORBIDDEN;
                    }
                    case HOST, SQUASH_HOST -> {}
                }
            }
        }
        return id;
    }

    /** What the guest sees for one of the host's ids. */
    public int toGuest(int host) {
        long id = Integer.toUnsignedLong(host);
        for (Rule rule : rules) {
            switch (rule.kind) {
                case MAP -> {
                    if (id >= rule.to && id - rule.to < rule.count) {
                        return (int) (rule.from + (id - rule.to));
                    }
                }
                case HOST, SQUASH_HOST -> {
                    if (id >= rule.from && id - rule.from < rule.count) {
                        return (int) (rule.kind == Kind.SQUASH_HOST ? rule.to : rule.to + (id - rule.from));
                    }
                }
                case GUEST, SQUASH_GUEST, FORBID_GUEST -> {}
            }
        }
        return host;
    }
}
