package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A virtual machine with some things changed: the others are as in the one that it begins with. For one thread. */
final class VmDraft {
    PayloadConfig payload;
    CpusConfig cpus;
    MemoryConfig memory;
    List<DiskConfig> disks;
    List<NetConfig> nets;
    List<FsConfig> fs;
    List<GenericConfig> generics;
    Optional<VsockConfig> vsock;
    List<PmemConfig> pmem;
    Optional<BalloonConfig> balloon;
    RngConfig rng;
    ConsoleConfig serial;
    ConsoleConfig console;
    DebugConsoleConfig debugConsole;
    boolean watchdog;
    boolean pvpanic;
    PlatformConfig platform;
    List<PciSegmentConfig> pciSegments;
    Optional<List<LandlockRule>> landlock;

    VmDraft(VmConfig from) {
        payload = from.payload();
        cpus = from.cpus();
        memory = from.memory();
        disks = from.disks();
        nets = from.nets();
        fs = from.fs();
        generics = from.generics();
        vsock = from.vsock();
        pmem = from.pmem();
        balloon = from.balloon();
        rng = from.rng();
        serial = from.serial();
        console = from.console();
        debugConsole = from.debugConsole();
        watchdog = from.watchdog();
        pvpanic = from.pvpanic();
        platform = from.platform();
        pciSegments = from.pciSegments();
        landlock = from.landlock();
    }

    /** Of the devices that may come and go, only those whose names are kept. */
    void keep(Predicate<String> names) {
        disks = disks.stream().filter(disk -> names.test(disk.id())).toList();
        nets = nets.stream().filter(net -> names.test(net.id())).toList();
        fs = fs.stream().filter(folder -> names.test(folder.id())).toList();
        generics = generics.stream().filter(generic -> names.test(generic.id())).toList();
        vsock = vsock.filter(one -> names.test(one.id()));
        pmem = pmem.stream().filter(file -> names.test(file.id())).toList();
    }

    /** As it is now. */
    VmConfig config() {
        return new VmConfig(
                payload,
                cpus,
                memory,
                disks,
                nets,
                fs,
                generics,
                vsock,
                pmem,
                balloon,
                rng,
                serial,
                console,
                debugConsole,
                watchdog,
                pvpanic,
                platform,
                pciSegments,
                landlock);
    }
}
