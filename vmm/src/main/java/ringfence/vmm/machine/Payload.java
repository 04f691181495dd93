package ringfence.vmm.machine;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vmm.boot.BootLoader;
import ringfence.vmm.boot.BootState;
import ringfence.vmm.boot.KernelImage;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.Smbios;
import ringfence.vmm.plan.acpi.AcpiTables;

/**
 * What is loaded into guest memory before a boot: kernel, initramfs, command line, tables. Reading is most of the
 * work of a start, so it has a thread of its own and goes on beside everything that KVM needs.
 */
final class Payload {
    private final Linux linux;
    private final String kernel;
    private final Optional<String> initramfs;
    private final String commandLine;

    Payload(Linux linux, String kernel, Optional<String> initramfs, String commandLine) {
        this.linux = linux;
        this.kernel = kernel;
        this.initramfs = initramfs;
        this.commandLine = commandLine;
    }

    /** Loads everything on a thread of its own. No vCPU runs until it is done. */
    CompletableFuture<BootState> load(MemoryTable memory, MemoryMap map, AcpiTables tables, Smbios smbios) {
        CompletableFuture<BootState> loaded = new CompletableFuture<>();
        Thread.ofPlatform().name("payload").daemon().start(() -> {
            try (KernelImage image = KernelImage.open(linux, kernel)) {
                memory.write(tables.address(), tables.bytes());
                memory.write(smbios.address(), smbios.bytes());
                loaded.complete(
                        new BootLoader(linux, memory, map).load(image, initramfs, commandLine, tables.address()));
            } catch (RuntimeException | Error e) {
                loaded.completeExceptionally(e);
            }
        });
        return loaded;
    }

    /** The outcome; a failure is thrown as it was. */
    static BootState await(CompletableFuture<BootState> loaded) {
        try {
            return loaded.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException reason) {
                throw reason;
            }
            throw e;
        }
    }
}
