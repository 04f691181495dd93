/**
 * KVM, typed: x86-64, in-kernel LAPIC and I/O APIC.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.kvm.Kvm} is /dev/kvm and probes it once into {@link ringfence.vmm.kvm.KvmCaps}; a
 * {@link ringfence.vmm.kvm.Vm} is one machine: memory slots, interrupt routes, ioeventfds and irqfds; a
 * {@link ringfence.vmm.kvm.Vcpu} is one processor. {@code Vcpu.run()} answers with an
 * {@link ringfence.vmm.kvm.ExitReason}, and {@link ringfence.vmm.kvm.KvmRun} is the view of the page shared with the
 * kernel, from which the exit's data are read and answered in place: no allocation on that path. Everything else goes
 * through one {@code ioctl} each, its structure being one class here with the C declaration in its comment and its
 * offsets checked against the C compiler's by a test.
 *
 * <h2>Ownership</h2>
 * Who makes one of the three closes it. A vCPU belongs to one thread (ringfence.vmm.cpu); the other two may be used by
 * any.
 *
 * <p>Specification: the kernel's Documentation/virt/kvm/api.rst.
 */
package ringfence.vmm.kvm;
