package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * A network device ({@code --net}). Its packets are moved by a process of its own, see {@link NetBackend}.
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param backend who moves its packets
 * @param mac the guest's Ethernet address; empty: {@link VmConfig#addressed} makes one up
 * @param mtu longest packet, bytes, 1280 to 65535; empty: the tap's
 * @param numQueues queues to receive and to send, together; even
 * @param queueSize entries of a queue
 * @param offloads work on packets that may be left to the other side
 * @param limits of its traffic
 * @param upkeep how it is kept served
 * @param place where it sits on PCI
 */
public record NetConfig(
        String id,
        NetBackend backend,
        Optional<MacAddress> mac,
        OptionalInt mtu,
        int numQueues,
        int queueSize,
        NetOffloads offloads,
        Optional<RateLimiterConfig> limits,
        Upkeep upkeep,
        PciPlace place) {
    private static final String CLIENTS_IP = "192.168.249.1";
    private static final String CLIENTS_MASK = "255.255.255.0";
    private static final OptionType<Optional<String>> TEXT = OptionTypes.optional(OptionTypes.text("text"));
    private static final OptionType<Optional<IpAddress>> IP_ADDRESS = OptionTypes.optional(IpAddress.type());
    private static final OptionType<Optional<MacAddress>> MAC_ADDRESS = OptionTypes.optional(MacAddress.type());
    private static final OptionType<Optional<Long>> COUNT = OptionTypes.optional(OptionTypes.size());

    private static final Option<NetConfig, Optional<String>> TAP = Option.of(
            "tap",
            OptionTypes.optional(OptionTypes.text("name")),
            Optional.empty(),
            n -> n.tap().flatMap(NetBackend.Tap::name),
            "the host's tap device; a new one");
    private static final Option<NetConfig, List<Integer>> FDS = Option.of(
            "fd",
            "fds",
            OptionTypes.integers(3, 1_000_000),
            List.of(),
            n -> n.backend instanceof NetBackend.Descriptors(List<Integer> fds) ? fds : List.of(),
            "open descriptors of a tap or macvtap, one per two queues");
    private static final Option<NetConfig, Optional<IpAddress>> IP = Option.of(
            "ip", IP_ADDRESS, Optional.empty(), n -> n.tap().flatMap(NetBackend.Tap::ip), "the host's address on it");
    private static final Option<NetConfig, Optional<IpAddress>> MASK = Option.of(
            "mask", IP_ADDRESS, Optional.empty(), n -> n.tap().flatMap(NetBackend.Tap::mask), "that address's mask");
    private static final Option<NetConfig, Optional<MacAddress>> MAC =
            Option.of("mac", MAC_ADDRESS, Optional.empty(), NetConfig::mac, "the guest's Ethernet address; made up");
    private static final Option<NetConfig, Optional<MacAddress>> HOST_MAC = Option.of(
            "host_mac",
            MAC_ADDRESS,
            Optional.empty(),
            n -> n.tap().flatMap(NetBackend.Tap::hostMac),
            "the tap's own Ethernet address");
    /** Told only where it is on, as all that Cloud Hypervisor has not: its clients may know no more. */
    private static final Option<NetConfig, Optional<Boolean>> PASST = Option.of(
            "passt",
            OptionTypes.optional(OptionTypes.toggle()),
            Optional.empty(),
            n -> n.backend instanceof NetBackend.Passt ? Optional.of(true) : Optional.empty(),
            "through passt, without privileges");

    private static final Option<NetConfig, Optional<String>> SWITCH = Option.of(
            "switch",
            OptionTypes.optional(OptionTypes.text("name")),
            Optional.empty(),
            n -> n.backend instanceof NetBackend.Switch(String name) ? Optional.of(name) : Optional.empty(),
            "a port of the switch of this name, with other VMs of the same user; it is started where it is missing");
    private static final Option<NetConfig, Optional<Integer>> MTU = Option.of(
            "mtu",
            OptionTypes.optional(OptionTypes.integer(1280, 65535)),
            Optional.empty(),
            n -> boxed(n.mtu),
            "longest packet, bytes; the tap's");
    private static final Option<NetConfig, Integer> QUEUES = Option.of(
            "num_queues", OptionTypes.integer(1, 128), 2, NetConfig::numQueues, "queues, half of them to receive");
    private static final Option<NetConfig, Integer> QUEUE_SIZE =
            Option.of("queue_size", OptionTypes.integer(2, 32768), 256, NetConfig::queueSize, "entries of a queue");
    private static final Option<NetConfig, Optional<String>> ID =
            Option.of("id", TEXT, Optional.empty(), n -> given(n.id), "a unique name; made where none is given");
    private static final Option<NetConfig, Boolean> VHOST_USER = Option.of(
            "vhost_user",
            OptionTypes.toggle(),
            false,
            n -> n.backend instanceof NetBackend.Socket,
            "somebody else's daemon moves its packets");
    private static final Option<NetConfig, Optional<String>> SOCKET = Option.of(
            "socket",
            "vhost_socket",
            OptionTypes.optional(OptionTypes.text("path")),
            Optional.empty(),
            n -> n.backend instanceof NetBackend.Socket(String path, var _) ? Optional.of(path) : Optional.empty(),
            "where that daemon is met");
    private static final Option<NetConfig, NetBackend.Mode> VHOST_MODE = Option.of(
            "vhost_mode",
            OptionTypes.choice(NetBackend.Mode.class),
            NetBackend.Mode.CLIENT,
            n -> n.backend instanceof NetBackend.Socket(var _, NetBackend.Mode mode) ? mode : NetBackend.Mode.CLIENT,
            "client: the daemon listens there; server: the VMM does");
    private static final Option<NetConfig, Boolean> TSO =
            Option.of("offload_tso", OptionTypes.toggle(), true, n -> n.offloads.tso(), "whole TCP segments pass");
    private static final Option<NetConfig, Boolean> UFO =
            Option.of("offload_ufo", OptionTypes.toggle(), true, n -> n.offloads.ufo(), "whole UDP datagrams pass");
    private static final Option<NetConfig, Boolean> CSUM = Option.of(
            "offload_csum", OptionTypes.toggle(), true, n -> n.offloads.csum(), "packets pass without checksums");
    private static final Option<NetConfig, Optional<RateLimiterConfig>> LIMITS = Option.of(
            "",
            "rate_limiter_config",
            OptionTypes.optional(OptionTypes.record(RateLimiterConfig.TABLE)),
            Optional.empty(),
            NetConfig::limits,
            "limits of its traffic, each way");
    private static final Option<NetConfig, Optional<Long>> BW_SIZE = limit("bw_size");
    private static final Option<NetConfig, Optional<Long>> BW_BURST = limit("bw_one_time_burst");
    private static final Option<NetConfig, Optional<Long>> BW_REFILL = limit("bw_refill_time");
    private static final Option<NetConfig, Optional<Long>> OPS_SIZE = limit("ops_size");
    private static final Option<NetConfig, Optional<Long>> OPS_BURST = limit("ops_one_time_burst");
    private static final Option<NetConfig, Optional<Long>> OPS_REFILL = limit("ops_refill_time");
    private static final Option<NetConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(NetConfig::place);
    private static final Option<NetConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(NetConfig::place);

    private static final Option<NetConfig, Optional<Upkeep.OnHang>> ON_HANG = Upkeep.onHangOption(NetConfig::upkeep);
    private static final Option<NetConfig, Optional<Boolean>> STANDBY = Upkeep.standbyOption(NetConfig::upkeep);

    /** Flags, JSON and help. */
    public static final OptionTable<NetConfig> TABLE = OptionTable.of(
                    "NetConfig",
                    NetConfig::of,
                    TAP,
                    FDS,
                    IP,
                    MASK,
                    MAC,
                    HOST_MAC,
                    MTU,
                    QUEUES,
                    QUEUE_SIZE,
                    ID,
                    VHOST_USER,
                    SOCKET,
                    VHOST_MODE,
                    TSO,
                    UFO,
                    CSUM,
                    LIMITS,
                    BW_SIZE,
                    BW_BURST,
                    BW_REFILL,
                    OPS_SIZE,
                    OPS_BURST,
                    OPS_REFILL,
                    PCI_SEGMENT,
                    PCI_DEVICE,
                    PASST,
                    SWITCH,
                    ON_HANG,
                    STANDBY)
            .unsupported("iommu");

    private static Option<NetConfig, Optional<Long>> limit(String key) {
        return Option.of(key, "", COUNT, Optional.empty(), n -> Optional.empty(), "a limit, each way; time in ms");
    }

    private static NetConfig of(OptionValues v) {
        NetBackend backend = backend(v);
        boolean ours = !(backend instanceof NetBackend.Socket || backend instanceof NetBackend.Switch);
        return new NetConfig(
                v.get(ID).orElse(""),
                backend,
                v.get(MAC),
                unboxed(v.get(MTU)),
                v.get(QUEUES),
                v.get(QUEUE_SIZE),
                new NetOffloads(v.get(CSUM), v.get(TSO), v.get(UFO)),
                v.get(LIMITS)
                        .or(() -> RateLimiterConfig.of(
                                RateLimiterConfig.bucket("bw", v.get(BW_SIZE), v.get(BW_BURST), v.get(BW_REFILL)),
                                RateLimiterConfig.bucket("ops", v.get(OPS_SIZE), v.get(OPS_BURST), v.get(OPS_REFILL)))),
                Upkeep.of(v.get(ON_HANG), v.get(STANDBY), ours),
                PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE)));
    }

    private static NetBackend backend(OptionValues v) {
        if (v.get(SWITCH).isPresent()) {
            refuse(v, "with switch=, which needs no tap", TAP, FDS, IP, MASK, HOST_MAC);
            refusePasst(v, "with switch=, which is another network");
            refuseOn(v, "with switch=, whose daemon is ours", VHOST_USER);
            refuse(v, "with switch=, whose socket is known", SOCKET);
            return new NetBackend.Switch(v.get(SWITCH).get());
        }
        if (v.get(VHOST_USER)) {
            refuse(v, "with vhost_user=on, where the daemon has its own", TAP, FDS, HOST_MAC);
            refuseOwn(v, IP, CLIENTS_IP);
            refuseOwn(v, MASK, CLIENTS_MASK);
            refusePasst(v, "with vhost_user=on, whose daemon decides");
            return new NetBackend.Socket(
                    v.get(SOCKET)
                            .orElseThrow(() ->
                                    new OptionException("vhost_user=on lacks socket=<path>, where the daemon is met")),
                    v.get(VHOST_MODE));
        }
        if (v.get(SOCKET).isPresent()) {
            throw new OptionException("socket: is given without vhost_user=on: add it");
        }
        if (v.get(PASST).orElse(false)) {
            refuse(v, "with passt=on, which needs no tap", TAP, FDS, IP, MASK, HOST_MAC);
            return new NetBackend.Passt();
        }
        if (v.isSaid(FDS)) {
            refuse(v, "with fd=, whose tap is set up by who opened it", TAP, IP, MASK, HOST_MAC);
            return new NetBackend.Descriptors(v.get(FDS));
        }
        return new NetBackend.Tap(v.get(TAP), v.get(IP), v.get(MASK), v.get(HOST_MAC));
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    private static void refuse(OptionValues v, String where, Option<NetConfig, ?>... options) {
        for (Option<NetConfig, ?> option : options) {
            refuseIf(v.isSaid(option), option, where);
        }
    }

    /** Clients that are generated from Cloud Hypervisor's description of the API write its default of an address. */
    private static void refuseOwn(OptionValues v, Option<NetConfig, Optional<IpAddress>> option, String clients) {
        boolean own = v.get(option).filter(ip -> !ip.toString().equals(clients)).isPresent();
        refuseIf(own, option, "with vhost_user=on, where the daemon has its own");
    }

    private static void refusePasst(OptionValues v, String where) {
        refuseIf(v.get(PASST).orElse(false), PASST, where);
    }

    /** JSON says of these that they are off. */
    private static void refuseOn(OptionValues v, String where, Option<NetConfig, Boolean> option) {
        refuseIf(v.get(option), option, where);
    }

    private static void refuseIf(boolean said, Option<NetConfig, ?> option, String where) {
        if (said) {
            throw new OptionException(option.key() + ": cannot be given " + where + ": leave it out");
        }
    }

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private static Optional<Integer> boxed(OptionalInt number) {
        return number.isPresent() ? Optional.of(number.getAsInt()) : Optional.empty();
    }

    private static OptionalInt unboxed(Optional<Integer> number) {
        return number.map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    private Optional<NetBackend.Tap> tap() {
        return backend instanceof NetBackend.Tap tap ? Optional.of(tap) : Optional.empty();
    }

    /** Pairs of a queue to receive and one to send. */
    public int pairs() {
        return numQueues / 2;
    }

    /** The same with that name and that address. */
    NetConfig with(String name, Optional<MacAddress> address) {
        return new NetConfig(name, backend, address, mtu, numQueues, queueSize, offloads, limits, upkeep, place);
    }

    /** What is wrong with it, beside its id. */
    List<Problem> problems(CpusConfig cpus) {
        List<Problem> problems = new ArrayList<>();
        if (Integer.bitCount(queueSize) != 1) {
            problems.add(new Problem("queue_size", queueSize + " is no power of two: give 256 or 512, for instance"));
        }
        if (numQueues % 2 != 0) {
            problems.add(new Problem(
                    "num_queues", numQueues + " is odd: half of them receive and half of them send: give 2 or 4"));
        } else if (pairs() > cpus.bootVcpus()) {
            problems.add(new Problem(
                    "num_queues",
                    pairs() + " pairs are more than the " + cpus.bootVcpus() + " vCPUs at start: give at most "
                            + 2 * cpus.bootVcpus()));
        }
        mac.ifPresent(address -> checkMac("mac", address, problems));
        if (!offloads.csum() && (offloads.tso() || offloads.ufo())) {
            problems.add(new Problem(
                    offloads.tso() ? "offload_tso" : "offload_ufo",
                    "needs checksums: leave offload_csum on, or switch tso and ufo off as well"));
        }
        limits.ifPresent(limit -> limit.check(problems));
        switch (backend) {
            case NetBackend.Tap tap -> tap.check(problems);
            case NetBackend.Descriptors(List<Integer> fds) -> checkFds(fds, problems);
            case NetBackend.Passt _ -> NetBackend.Passt.check(this, problems);
            case NetBackend.Switch fabric -> {
                fabric.check(this, problems);
                checkUnlimited("with switch=, which other VMs use too: start it with --limits", problems);
            }
            case NetBackend.Socket _ -> // its path is looked at on the host
                checkUnlimited("with vhost_user=on: set them there", problems);
        }
        return problems;
    }

    private void checkUnlimited(String where, List<Problem> problems) {
        limits.ifPresent(limit -> problems.add(new Problem(
                limit.bandwidth().isPresent() ? "bw_size" : "ops_size",
                "limits are the daemon's own " + where + ", and leave the keys out")));
    }

    private void checkFds(List<Integer> fds, List<Problem> problems) {
        if (2 * fds.size() != numQueues) {
            problems.add(new Problem(
                    "fd",
                    fds.size() + " descriptors are for num_queues=" + 2 * fds.size() + ", not " + numQueues
                            + ": one is needed per two queues"));
        }
        if (new HashSet<>(fds).size() != fds.size()) {
            problems.add(new Problem("fd", "names a descriptor twice: each pair of queues needs its own"));
        }
    }

    static void checkMac(String option, MacAddress address, List<Problem> problems) {
        if (!address.isUnicast()) {
            problems.add(new Problem(
                    option,
                    address + " names no single station: the first byte has to be even, as in 52:54:00:12:34:56"));
        }
    }
}
