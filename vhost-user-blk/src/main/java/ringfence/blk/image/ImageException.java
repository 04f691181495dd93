package ringfence.blk.image;

/** An image, or one of its locks, cannot be used. The message is one line for the user. */
public final class ImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With that line. */
    public ImageException(String message) {
        super(message);
    }

    /** With that line, and the system call that failed. */
    public ImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
