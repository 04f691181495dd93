package ringfence.vmm.api;

/** A request that cannot be answered; the connection ends after the answer. */
final class HttpError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    HttpError(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /** The HTTP status that tells the client. */
    int status() {
        return status;
    }
}
