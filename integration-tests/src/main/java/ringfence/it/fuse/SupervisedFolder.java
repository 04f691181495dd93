package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.vhostuser.link.Frontend;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DaemonCommand;
import ringfence.vmm.supervise.DescriptorStore;
import ringfence.vmm.supervise.SupervisedDaemon;

/** Our daemon on a folder, in its box and under the VMM's supervision, with another one that waits to take over. */
public final class SupervisedFolder implements FuseGuest.Recovery, Mortal, AutoCloseable {
    private static final long LOOK_NANOS = 1_000_000;

    private final Linux linux;
    private final Path home;
    private final DescriptorStore store;
    private final SupervisedDaemon daemon;

    /** One of which no daemon is started yet: {@link #successor} is the first. */
    public SupervisedFolder(Linux linux, Path folder) throws IOException {
        this.linux = linux;
        home = Files.createTempDirectory("ringfence-fs");
        store = new DescriptorStore(linux, "_fs0", home.resolve("store").toString());
        Path product = Checkout.find().product();
        Path program = product.resolve("bin/vhost-user-fs");
        daemon = new SupervisedDaemon(
                linux,
                new DaemonCommand(
                        "_fs0",
                        Optional.of(folder.toString()),
                        program,
                        List.of("--shared-dir=" + folder, "--xattr"),
                        DaemonBoxes.of(linux, product, FilterMode.TRUE).folder(program, folder.toString(), false),
                        List.of(),
                        Optional.empty(),
                        true),
                Optional.of(store),
                System.err::println);
    }

    @Override
    public Frontend successor() {
        return Frontend.over(linux, daemon.connect(), FuseGuest.patience());
    }

    @Override
    public void kill() {
        daemon.process().orElseThrow().kill();
    }

    @Override
    public int started() {
        return daemon.starts();
    }

    @Override
    public void awaitReady() {
        while (!daemon.isStandbyWarm()) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    @Override
    public void close() throws IOException {
        daemon.close();
        store.close();
        Files.deleteIfExists(home.resolve("store"));
        Files.delete(home);
    }
}
