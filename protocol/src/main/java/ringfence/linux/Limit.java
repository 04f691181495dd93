package ringfence.linux;

/**
 * A resource limit.
 *
 * @param soft what holds now
 * @param hard how far an unprivileged process may raise it; -1: without a limit, as for the soft one
 */
public record Limit(long soft, long hard) {}
