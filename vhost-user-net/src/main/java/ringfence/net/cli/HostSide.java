package ringfence.net.cli;

import java.util.Optional;
import ringfence.linux.ErrnoException;
import ringfence.linux.Interfaces;
import ringfence.net.engine.MacAddress;
import ringfence.option.IpLiteral;

/**
 * What the host's side of a tap is given.
 *
 * @param ip its address and network
 * @param mac its Ethernet address
 */
record HostSide(Optional<Network> ip, Optional<MacAddress> mac) {
    /**
     * An address within a network.
     *
     * @param address bytes of one of IPv4 or IPv6
     * @param prefix bits of the network
     */
    @SuppressWarnings("ArrayRecordComponent") // made here, and read by who hands it to the kernel
    record Network(byte[] address, int prefix) {
        /** Of ADDRESS/LENGTH. @throws IllegalArgumentException with one line that names the option */
        static Network parse(String text) {
            int slash = text.indexOf('/');
            try {
                byte[] address = IpLiteral.parse(text.substring(0, slash));
                int prefix = Integer.parseInt(text.substring(slash + 1));
                if (prefix >= 0 && prefix <= 8 * address.length) {
                    return new Network(address, prefix);
                }
            } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
                // told below
            }
            throw new IllegalArgumentException("--ip=" + text + ": write ADDRESS/LENGTH, such as 192.168.249.1/24");
        }
    }

    /** Sets it. @throws IllegalArgumentException with one line that names the option */
    void set(Interfaces interfaces, String name) {
        String option = "--host-mac";
        try {
            if (mac.isPresent()) {
                interfaces.hardwareAddress(name, mac.get().bytes());
            }
            option = "--ip";
            if (ip.isPresent()) {
                interfaces.address(name, ip.get().address(), ip.get().prefix());
            }
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    option + ": " + name + " refuses it (" + e.errno().text()
                            + "), run with CAP_NET_ADMIN or set it by 'ip'",
                    e);
        }
    }
}
