package ringfence.vmm.api;

/**
 * One request, complete and within the limits.
 *
 * @param method GET, PUT or whatever the client sent
 * @param path path without the query, such as {@code /api/v1/vmm.ping}
 * @param body empty if none was sent
 * @param keepAlive whether the client wants to send another one on this connection
 */
record HttpRequest(String method, String path, byte[] body, boolean keepAlive) {}
