package ringfence.vmm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import ringfence.keep.Keeper;
import ringfence.keep.NoKeeper;
import ringfence.keep.NotifyKeeper;
import ringfence.keep.SystemdWatchdog;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.process.BadInputException;
import ringfence.process.Log;
import ringfence.process.Logs;
import ringfence.process.StartupMemory;
import ringfence.process.Termination;
import ringfence.vmm.api.ApiServer;
import ringfence.vmm.api.Endpoints;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.event.JournalSink;
import ringfence.vmm.machine.Ending;
import ringfence.vmm.machine.MachineProxy;
import ringfence.vmm.machine.Refusal;
import ringfence.vmm.machine.Vmm;

/** Runs a real machine: with its API, until the guest, the API or a signal ends it. */
final class MachineRunner {
    /** What daemons get to flush after a signal; then the process ends with code 1. */
    private static final long END_MILLIS = TimeUnit.SECONDS.toMillis(30);

    private MachineRunner() {}

    /** See {@link MachineStarter#run}. */
    static int run(
            Linux linux,
            Optional<VmConfig> config,
            RuntimeOptions options,
            Optional<ApiSocket> apiSocket,
            EventSink events)
            throws InterruptedException {
        Optional<JournalSink> journal = JournalSink.open(linux, apiSocket.flatMap(ApiSocket::path));
        try {
            EventSink told = journal.map(events::and).orElse(events);
            return run(linux, config, options, apiSocket, told, () -> firstRun(linux, journal));
        } finally {
            journal.ifPresent(JournalSink::close);
        }
    }

    private static int run(
            Linux linux,
            Optional<VmConfig> config,
            RuntimeOptions options,
            Optional<ApiSocket> apiSocket,
            EventSink events,
            Runnable onFirstRun)
            throws InterruptedException {
        Keeper supervisor = supervisor(linux);
        Vmm vmm = new Vmm(linux, options, new HostAdmission(linux), events, Log.of("machine"), () -> {
            onFirstRun.run();
            supervisor.ready("the guest runs");
        });
        Termination.onSignal(() -> vmm.proxy().shutDownVmm("a signal"), END_MILLIS);
        if (config.isPresent()) {
            vmm.take(config.get());
        } else {
            Logs.open(); // nothing waits for it
        }
        List<Predicate<Runnable>> signs = new ArrayList<>(List.of(vmm.proxy()::askForSign));
        if (apiSocket.isEmpty()) {
            watch(linux, supervisor, signs);
            return run(vmm).exitCode();
        }
        apiSocket
                .get()
                .path()
                .ifPresent(path ->
                        vmm.proxy().servedAt(Path.of(path).toAbsolutePath().toString()));
        ApiServer api = api(linux, apiSocket.get(), vmm.proxy(), options);
        signs.add(answer -> {
            api.askForSign(answer);
            return true;
        });
        watch(linux, supervisor, signs);
        if (config.isEmpty()) {
            supervisor.ready("waits for a VM at " + apiSocket.get());
        }
        try {
            return run(vmm).exitCode();
        } finally {
            api.close();
        }
    }

    /** Whoever is to know when the guest runs, by sd_notify(3): most often nobody, and then nothing is loaded for it. */
    private static Keeper supervisor(Linux linux) {
        return System.getenv("NOTIFY_SOCKET") == null
                ? new NoKeeper()
                : NotifyKeeper.from(linux, System.getenv(), Log.of("cli")::warn);
    }

    private static void watch(Linux linux, Keeper supervisor, List<Predicate<Runnable>> signs) {
        if (supervisor instanceof NotifyKeeper) {
            SystemdWatchdog.feed(linux, System.getenv(), new SignsOfLife(signs), supervisor::alive);
        }
    }

    private static Ending run(Vmm vmm) throws InterruptedException {
        try {
            return vmm.run();
        } catch (RuntimeException e) {
            throw Refusal.of(e);
        }
    }

    /** The guest begins now: whatever takes time, such as the log's library, has it from here on. */
    private static void firstRun(Linux linux, Optional<JournalSink> journal) {
        long now = System.nanoTime();
        Logs.open();
        StartupMemory.giveBackLater(linux);
        Thread.ofPlatform().name("first-run").daemon().start(() -> {
            long since = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - now);
            ProcessAge.millis()
                    .ifPresent(age ->
                            Log.of("machine").info("first KVM_RUN after " + (age - since) + " ms of this process"));
            journal.ifPresent(JournalSink::prune);
        });
    }

    private static ApiServer api(Linux linux, ApiSocket socket, MachineProxy proxy, RuntimeOptions options) {
        Endpoints endpoints = new Endpoints(linux, proxy, options.landlock(), CloudHypervisorCommand.SPOKEN);
        try {
            return socket.fd().isPresent()
                    ? ApiServer.handed(linux, socket.fd().getAsInt(), endpoints)
                    : ApiServer.at(linux, socket.path().orElseThrow(), endpoints);
        } catch (ErrnoException e) {
            String why = e.errno() == Errno.EADDRINUSE
                    ? "another process serves it: end that, or choose another path"
                    : e.errno() + " (" + e.errno().text() + "): choose another path";
            throw new BadInputException("--api-socket " + socket + ": " + why, e);
        }
    }
}
