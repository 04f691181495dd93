/**
 * The program {@code vhost-user-blk}.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.blk.cli.BlkMain} turns the command line into {@link ringfence.blk.cli.DeviceSpec}s, one a device, and
 * opens each: image, fence, exclusion, socket, in this order ({@link ringfence.blk.cli.Service}). Then it waits until
 * its back-ends have ended, or until a signal asks it to end.
 *
 * <p>It keeps QEMU's conventions for back-end programs (docs/interop/vhost-user.rst): {@code --socket-path},
 * {@code --fd}, {@code --print-capabilities}, no daemonizing, standard error for messages, a clean end on SIGTERM.
 *
 * <p>Exit codes: 0 ended as asked, 1 failed later, 2 the command line or what it names cannot be used; one line on
 * standard error says why.
 */
package ringfence.blk.cli;
