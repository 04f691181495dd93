/**
 * Linux, typed. The only package of Ringfence that makes native calls or knows raw addresses (the ring code in
 * {@code virtio.queue} aside).
 *
 * <h2>Theory of operation</h2>
 * One downcall handle of the shape {@code long syscall(long, long x 6)} serves every system call, because linking
 * each further shape costs about 18 ms at start, even with an AOT cache. {@link ringfence.linux.Kernel} is that one
 * door: it answers with the result or with minus errno, captured by the same downcall. {@link ringfence.linux.Linux}
 * holds the door and hands out the typed families ({@code files}, {@code memory}, {@code events}, {@code sockets},
 * {@code processes}); each method of a family is one system call, its arguments are types, and an error is an
 * {@link ringfence.linux.ErrnoException} that names the call and its argument. A test puts a {@code Kernel} of its own
 * into the constructor to inject errors.
 *
 * <h2>Ownership</h2>
 * A descriptor is an {@link ringfence.linux.Fd}, a mapping is a {@link ringfence.linux.Mapping}: closed once, by who
 * opened it, never shared by number.
 */
package ringfence.linux;
