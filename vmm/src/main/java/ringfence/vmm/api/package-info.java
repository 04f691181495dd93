/**
 * The REST API on a Unix socket, in Cloud Hypervisor's dialect ({@code /api/v1}).
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.api.ApiServer} owns the socket: it takes the lock file beside it, removes a stale socket, and
 * gives each connection a thread of its own, so that a slow client delays nobody. {@link ringfence.vmm.api.HttpReader}
 * turns bytes into requests, with a bound on everything that a client can size. {@link ringfence.vmm.api.Endpoints}
 * answers: reads come from the state that the machine has published and never wait; what changes the machine is a
 * command to its owner. Nobody here touches a device.
 */
package ringfence.vmm.api;
