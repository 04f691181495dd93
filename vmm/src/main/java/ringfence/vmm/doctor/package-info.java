/**
 * What this host is fit for: {@code ringfence doctor}.
 *
 * <h2>Theory of operation</h2>
 * Each check tries the thing itself, as the user who asks: it opens the device, makes the VM, the ring, the control group or
 * the namespace, and gives it back at once. What cannot be tried without doing harm is read where the kernel says it. A check
 * answers with one {@link ringfence.vmm.doctor.Finding}, whatever happens, and knows nothing of the others.
 */
package ringfence.vmm.doctor;
