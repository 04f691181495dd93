package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import ringfence.option.OptionTypes;

/** Who moves a network device's packets. */
public sealed interface NetBackend {
    /**
     * A daemon of ours with a tap device.
     *
     * @param name the tap's name; empty: a new one
     * @param ip what the host has on it; empty: what it has already
     * @param mask of that address
     * @param hostMac the tap's own Ethernet address; empty: what it has already
     */
    record Tap(Optional<String> name, Optional<IpAddress> ip, Optional<IpAddress> mask, Optional<MacAddress> hostMac)
            implements NetBackend {
        /** The longest name of a network interface, in bytes. */
        public static final int MAX_NAME = 15;

        /** A new tap, with nothing said of it. */
        public static final Tap NEW = new Tap(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

        /** The address with its prefix, {@code 192.168.249.1/24}; empty: none was given. {@link #check} found no fault. */
        public Optional<String> address() {
            return ip.map(address ->
                    address + "/" + mask.map(m -> m.prefix().getAsInt()).orElseGet(address::classPrefix));
        }

        /** Adds what is wrong with it. */
        void check(List<Problem> problems) {
            name.ifPresent(tap -> {
                if (tap.isEmpty() || tap.length() > MAX_NAME || !tap.chars().allMatch(Tap::mayBeInName)) {
                    problems.add(new Problem(
                            "tap",
                            "'" + tap + "' is no name of an interface: 1 to " + MAX_NAME
                                    + " letters, digits, '.', '_' and '-'"));
                }
            });
            if (mask.isPresent() && ip.isEmpty()) {
                problems.add(new Problem("mask", "is given without ip=: add it, or leave the mask out"));
            }
            if (ip.isPresent()) {
                checkMask(ip.get(), problems);
            }
            hostMac.ifPresent(mac -> NetConfig.checkMac("host_mac", mac, problems));
        }

        private void checkMask(IpAddress address, List<Problem> problems) {
            if (mask.isEmpty()) {
                if (!address.isV4()) {
                    problems.add(
                            new Problem("mask", "is missing for an address of IPv6: add mask=ffff:ffff:ffff:ffff::"));
                }
            } else if (mask.get().isV4() != address.isV4()) {
                problems.add(new Problem("mask", mask.get() + " is of another version of IP than ip=" + address));
            } else if (mask.get().prefix().isEmpty()) {
                problems.add(new Problem("mask", mask.get() + " has holes: write one such as 255.255.255.0"));
            }
        }

        private static boolean mayBeInName(int c) {
            return c < 128 && (Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
        }
    }

    /**
     * A daemon of ours with open descriptors of a tap or macvtap, one per pair of queues.
     *
     * @param fds their numbers in the VMM, which has inherited them
     */
    record Descriptors(List<Integer> fds) implements NetBackend {
        /** Copies the list. */
        public Descriptors {
            fds = List.copyOf(fds);
        }
    }

    /** A daemon of ours with a passt of its own: a network that needs no privilege. */
    record Passt() implements NetBackend {
        /** Adds what is wrong with a device behind it. */
        static void check(NetConfig net, List<Problem> problems) {
            if (net.pairs() != 1) {
                problems.add(new Problem("num_queues", net.numQueues() + " with passt=on, which has one pair: give 2"));
            }
        }
    }

    /**
     * A switch that VMs of our user share: a daemon of ours, which is started by whoever finds that it is not there.
     *
     * @param name which of them
     */
    record Switch(String name) implements NetBackend {
        /** The longest name. */
        public static final int MAX_NAME = 32;
        /** Virtual machines that it connects. */
        public static final int PORTS = 32;
        /** Pairs of queues that each may have. */
        public static final int PAIRS = 8;
        /** Most entries of a queue. */
        public static final int QUEUE_SIZE = 1024;

        /** Adds what is wrong with a device at it. */
        void check(NetConfig net, List<Problem> problems) {
            boolean begins = !name.isEmpty() && Character.isLetterOrDigit(name.charAt(0));
            if (!begins || name.length() > MAX_NAME || !name.chars().allMatch(Switch::mayBeInName)) {
                problems.add(new Problem(
                        "switch",
                        "'" + name + "' is no name of a switch: 1 to " + MAX_NAME
                                + " small letters, digits, '.', '_' and '-', the first a letter or a digit"));
            }
            if (net.pairs() > PAIRS) {
                problems.add(new Problem(
                        "num_queues",
                        net.numQueues() + " with switch=, where each has at most " + 2 * PAIRS + ": give that"));
            }
            if (net.queueSize() > QUEUE_SIZE) {
                problems.add(new Problem(
                        "queue_size",
                        net.queueSize() + " with switch=, which has at most " + QUEUE_SIZE + ": give that"));
            }
        }

        private static boolean mayBeInName(int c) {
            return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
        }
    }

    /**
     * A daemon of somebody else.
     *
     * @param path the Unix socket
     * @param mode who listens there
     */
    record Socket(String path, Mode mode) implements NetBackend {}

    /** Which side of the socket the VMM is. */
    enum Mode implements OptionTypes.Choice {
        /** The daemon listens, the VMM connects. */
        CLIENT,
        /** The VMM listens, the daemon connects. */
        SERVER
    }
}
