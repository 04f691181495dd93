/**
 * The vhost-user protocol, as QEMU's {@code docs/interop/vhost-user.rst} specifies it and as its peers speak it: typed
 * messages, their table, and the one codec for both ends. Bytes in, records out; no socket, no descriptor, no state.
 *
 * <h2>Theory of operation</h2>
 * A message is a {@link ringfence.vhostuser.Header} of 12 bytes and a payload of at most
 * {@value ringfence.vhostuser.Header#MAX_PAYLOAD}. There are three closed families:
 * <pre>
 *  front-end ── Request ────────▶ back-end        on the connection
 *  front-end ◀──────── Reply ──── back-end        only to a request that asks for one (ReplyKind)
 *  front-end ◀── BackendRequest ─ back-end        on the back-end channel, a socket of its own
 *  front-end ──── Reply ────────▶ back-end
 * </pre>
 * {@link ringfence.vhostuser.MessageType} is the table: number, direction, payload sizes, how many descriptors, which
 * feature must have been negotiated, what the answer is. {@link ringfence.vhostuser.Codec} checks all of that from the
 * table, once, and the record that it makes checks its values; what it cannot accept is a
 * {@link ringfence.vhostuser.WireException}, whose message is the reason to be logged.
 *
 * <p>Descriptors travel beside a message; here they are only counted. Which of them is an eventfd or sealed memory is
 * the business of {@code vhostuser.link}.
 *
 * <p>Threads: everything here is immutable or a pure function.
 */
package ringfence.vhostuser;
