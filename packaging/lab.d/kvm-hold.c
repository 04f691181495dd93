/*
 * Creates a VM and keeps it for as long as this process lives, in the background.
 *
 * Linux patches its own code (the static key of preempt notifiers) when the first VM of a system
 * is created and when the last one goes. Under QEMU's TCG the second processor may run into the
 * patch's int3 half-way, and the system dies with "Oops: int3". With one VM always there, that
 * patching happens once, before anything else runs.
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
    if (ioctl(kvm, KVM_CREATE_VM, 0) < 0)
        err(1, "KVM_CREATE_VM");
    if (daemon(0, 0))
        err(1, "daemon");
    while (1)
        pause();
}
