/**
 * What happens to a machine, as values, and where they go: into its journal, and to {@code --event-monitor}.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.event.Event} is one closed family. It is told where it is known: the life of the VM by the machine's
 * owner, what becomes of a device's driver and of its back-end by that device's threads, a guest's panic by a vCPU thread,
 * what a request asks for, and what it says in vain, by the API's thread. All of them tell one {@link ringfence.vmm.event.EventSink}, which is
 * handed down through the machine's proxy. A sink never makes who tells it wait; where nobody listens it is
 * {@link ringfence.vmm.event.EventSink#NONE}, and nothing is made, started or kept.
 *
 * <pre>
 *   owner, vCPUs, devices, API ── tell ──► ring in a file ── another process ──► journal      (JournalSink)
 *                                     └──► bounded queue ── thread "event-monitor" ──► file, pipe, descriptor
 *                                            | full: dropped and counted; the count goes ahead of what is taken next
 * </pre>
 *
 * {@link ringfence.vmm.event.JournalSink} takes all of them ({@link ringfence.journal}). What
 * {@link ringfence.vmm.event.EventStream} writes ({@code EventText}) is Cloud Hypervisor's format:
 * readers of that, such as libvirt, know those events by source and name, and pass over others. What Cloud Hypervisor does
 * not have is told in the same stream with the source {@code ringfence}.
 *
 * <p>A new event is a member of the family; the compiler names each switch that must know it.
 */
package ringfence.vmm.event;
