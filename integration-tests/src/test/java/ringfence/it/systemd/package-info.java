/**
 * The package's units, run by a real systemd on a host of the test's own: namespaces in which the package is installed and
 * systemd is the first process ({@link ringfence.it.systemd.SystemdHost}). Front-ends of the tests reach its sockets through
 * {@code /proc/PID/root}.
 *
 * <p>With a Debian guest in a machine of its own that systemd boots: {@code GuestUnitsTest}.
 */
package ringfence.it.systemd;
