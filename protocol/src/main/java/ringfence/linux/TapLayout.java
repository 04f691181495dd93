package ringfence.linux;

/**
 * {@code struct ifreq { char ifr_name[IFNAMSIZ]; union { short ifr_flags; int ifr_mtu; ... }; };} and the requests that
 * take it, or a word, of {@code <linux/if_tun.h>} and {@code <linux/sockios.h>}.
 */
final class TapLayout {
    static final long IFREQ_SIZE = 40;
    static final int IFNAMSIZ = 16;
    static final long IFR_NAME = 0;
    static final long IFR_FLAGS = 16;
    static final long IFR_MTU = 16;
    static final long IFR_IFINDEX = 16;

    /** {@code struct sockaddr} or {@code sockaddr_in} within it. */
    static final long IFR_ADDR = 16;

    static final long SA_DATA = 2;
    static final long SIN_ADDR = 4;

    /** {@code struct in6_ifreq { struct in6_addr ifr6_addr; __u32 ifr6_prefixlen; int ifr6_ifindex; }}. */
    static final long IN6_IFREQ_SIZE = 24;

    static final long IFR6_PREFIXLEN = 16;
    static final long IFR6_IFINDEX = 20;
    static final short ARPHRD_ETHER = 1;

    static final long TUNSETIFF = 0x4004_54CAL;
    static final long TUNGETFEATURES = 0x8004_54CFL;
    static final long TUNSETOFFLOAD = 0x4004_54D0L;
    static final long TUNGETIFF = 0x8004_54D2L;
    static final long TUNGETVNETHDRSZ = 0x8004_54D7L;
    static final long TUNSETVNETHDRSZ = 0x4004_54D8L;
    static final long TUNSETQUEUE = 0x4004_54D9L;

    static final int IFF_TAP = 2;
    static final int IFF_MULTI_QUEUE = 0x100;
    static final int IFF_ATTACH_QUEUE = 0x200;
    static final int IFF_DETACH_QUEUE = 0x400;
    static final int IFF_NO_PI = 0x1000;
    static final int IFF_VNET_HDR = 0x4000;

    static final long SIOCGIFFLAGS = 0x8913;
    static final long SIOCSIFFLAGS = 0x8914;
    static final long SIOCSIFADDR = 0x8916;
    static final long SIOCSIFNETMASK = 0x891C;
    static final long SIOCSIFHWADDR = 0x8924;
    static final long SIOCGIFINDEX = 0x8933;
    static final long SIOCGIFMTU = 0x8921;
    static final long SIOCSIFMTU = 0x8922;
    static final int IFF_UP = 1;

    private TapLayout() {}
}
