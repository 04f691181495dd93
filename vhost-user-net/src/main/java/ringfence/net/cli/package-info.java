/**
 * The program {@code vhost-user-net}.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.net.cli.NetMain} turns the command line into a {@code NetSpec}; {@code Service} opens the file of
 * counters, what the devices are connected to ({@code Wiring}: a tap or a switch), and the devices with their sockets, in
 * this order. Then it waits until its back-ends have ended, or until a signal asks it to end.
 *
 * <p>Where the ports of a switch share one socket ({@code --ports}), it holds the lock beside that, and a
 * {@link ringfence.vhostuser.link.BackendPool} gives each connection the first device that is free; it may end by itself.
 *
 * <p>It keeps QEMU's conventions for back-end programs (docs/interop/vhost-user.rst): {@code --socket-path},
 * {@code --fd}, {@code --print-capabilities}, no daemonizing, standard error for messages, a clean end on SIGTERM.
 *
 * <p>Exit codes: 0 ended as asked, 1 failed later, 2 the command line or what it names cannot be used; one line on
 * standard error says why.
 */
package ringfence.net.cli;
