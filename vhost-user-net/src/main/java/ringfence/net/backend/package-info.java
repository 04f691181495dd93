/**
 * Where the guest's frames go: taps, and macvtaps that somebody else has opened.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.net.backend.TapSpec} is what the command line asks for; {@link ringfence.net.backend.TapPorts} makes
 * one {@link ringfence.net.backend.TapPort} of it per pair of queues. A port of a device with several queues is attached
 * while a queue of its pair runs, and only then: otherwise the host would steer frames to where nobody fetches them.
 *
 * <p>A tap that we have opened is brought up, and gets the MTU that was asked for. One that was handed in is used as it
 * is: it may belong to another network namespace.
 */
package ringfence.net.backend;
