/**
 * The REST API on a Unix socket, in Cloud Hypervisor's dialect ({@code /api/v1}).
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.api.ApiListener} is the socket: made at a path, with a lock file beside it, or handed over.
 * One thread serves all clients ({@link ringfence.vmm.api.ApiLoop}): it never blocks on one of them, so that slow, idle
 * and garbage clients delay nobody. {@link ringfence.vmm.api.ApiConnection} is one of them, {@link
 * ringfence.vmm.api.HttpReader} turns its bytes into requests. Everything that a client can size or delay has a bound
 * ({@link ringfence.vmm.api.ApiLimits}): too late is 408, too large 413 or 431, too many 429.
 *
 * <p>{@link ringfence.vmm.api.Endpoints} answers: reads at once, from the state that the machine has published; what
 * changes the machine is a command to its owner, whose answer comes back to the loop. So reads never wait for changes.
 * Nobody here touches a device.
 *
 * <p>{@link ringfence.vmm.api.ApiDocument} describes it all, for clients that ask: bodies by the tables that they are read
 * with, the rest by {@link ringfence.vmm.api.ApiOperation}, one per endpoint.
 *
 * <p>Descriptors that a client sends (SCM_RIGHTS) belong to its connection, which closes them when the request is
 * answered; an endpoint that keeps one takes a duplicate.
 */
package ringfence.vmm.api;
