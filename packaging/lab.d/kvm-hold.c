/*
 * Keeps a VM with one vCPU open for as long as L1 lives. Linux patches its own code (static keys) when the first VM is
 * created and when the last one goes, and when the first vCPU comes whose local APIC is not enabled and when the last
 * such one enables it, which is at each start of a guest. Under TCG with two processors a patch races: the other one
 * runs into its int3, or into half an instruction, and L1 panics or is reset. With this VM, whose vCPU never enables
 * its APIC, all of that is patched once, before anything else runs.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
    int kvm = open("/dev/kvm", O_RDWR);
    if (kvm < 0)
        err(1, "/dev/kvm");
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0)
        err(1, "KVM_CREATE_VM");
    if (ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0)
        err(1, "KVM_CREATE_IRQCHIP");
    if (ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
        err(1, "KVM_CREATE_VCPU");
    if (daemon(0, 0))
        err(1, "daemon");
    while (1)
        pause();
}
