package ringfence.it.lab;

/**
 * A disk of a guest.
 *
 * @param path an image, or the socket of a vhost-user-blk daemon that somebody else has started
 * @param vhostUser whether it is a socket
 * @param readOnly for an image, whether the guest may only read
 */
public record GuestDisk(String path, boolean vhostUser, boolean readOnly) {
    /** An image that the VMM shall take care of. */
    public static GuestDisk image(String path) {
        return new GuestDisk(path, false, false);
    }

    /** The socket of a running daemon. */
    public static GuestDisk socket(String path) {
        return new GuestDisk(path, true, false);
    }
}
