package ringfence.vmm.api;

import java.util.List;
import ringfence.linux.Fd;

/**
 * One request, complete and within the limits.
 *
 * @param method GET, PUT or whatever the client sent
 * @param path path without the query, such as {@code /api/v1/vmm.ping}
 * @param body empty if none was sent
 * @param keepAlive whether the client wants to send another one on this connection
 * @param fds descriptors that came with it (SCM_RIGHTS); they belong to the connection, which closes them after the
 *     answer: who keeps one takes a duplicate before
 */
record HttpRequest(String method, String path, byte[] body, boolean keepAlive, List<Fd> fds) {
    HttpRequest with(List<Fd> received) {
        return new HttpRequest(method, path, body, keepAlive, List.copyOf(received));
    }
}
