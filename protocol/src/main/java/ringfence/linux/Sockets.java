package ringfence.linux;

/** Unix sockets. */
public final class Sockets {
    private final Kernel kernel;

    Sockets(Kernel kernel) {
        this.kernel = kernel;
    }
}
