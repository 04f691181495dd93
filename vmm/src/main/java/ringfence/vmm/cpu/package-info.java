/**
 * vCPU threads: set-up of processors, the run loop, kicks, pause and stop.
 *
 * <h2>Theory of operation</h2>
 * A {@link ringfence.vmm.cpu.VcpuThread} runs KVM_RUN and dispatches its exits through the bus table; it holds no lock
 * while a device thinks.
 *
 * <pre>
 *   NEW --start--> RUNNING --pause--> PAUSED --resume--> RUNNING --stop--> STOPPED
 *                   |    ^                                  |
 *         a Deferred|    |its answer, deadline, or settle   | a CpuFault
 *                   v    |                                  v
 *                  DEFERRED (counts as paused)           FAULTED --stop--> STOPPED
 * </pre>
 *
 * <h2>The kick</h2>
 * A real-time signal that HotSpot does not use is blocked on the thread and, by KVM_SET_SIGNAL_MASK, deliverable inside
 * KVM_RUN only; no handler runs, so no upcall happens in signal context.
 *
 * <pre>
 *   to kick:        write the reason (release) -> kvm_run.immediate_exit = 1 -> tgkill
 *   at each EINTR:  immediate_exit = 0 -> rt_sigtimedwait until nothing is pending -> read the reason (acquire)
 * </pre>
 *
 * In this order no kick is lost: one that comes between the last two steps leaves a reason that the third sees, one that
 * comes after leaves a signal, or immediate_exit, that ends the next KVM_RUN. Spurious EINTRs are normal.
 *
 * <p>KVM completes a port or memory access only at the next KVM_RUN, so a thread stands still with whole registers only
 * after an EINTR: KVM_RUN completes the access first and looks at immediate_exit then. A thread that waits for a
 * deferred answer is not inside KVM_RUN and cannot be kicked: it counts as paused, because the guest stands still, and
 * {@code settle} gives the access its fallback and completes it.
 *
 * <p>Specification: the kernel's Documentation/virt/kvm/api.rst, KVM_RUN and KVM_SET_SIGNAL_MASK; Intel SDM volume 3,
 * chapters 9 to 11.
 */
package ringfence.vmm.cpu;
