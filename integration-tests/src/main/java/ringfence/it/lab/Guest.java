package ringfence.it.lab;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A booted guest whose init runs the scripts that its console sends ({@code packaging/lab.d/guest/init}). Used by one
 * thread. Closing kills its VMM if that still runs.
 */
public final class Guest implements AutoCloseable {
    private static final int LINE = 76;
    private static final Pattern COMPLAINT = Pattern.compile("Firmware Bug|WARNING:|BUG:|I/O error");
    private static final Duration SECONDS_ON_HARDWARE = Duration.ofSeconds(8);
    private static final Duration BOOT_ON_HARDWARE = Duration.ofSeconds(15); // with a daemon of Java for each device

    private final KvmHost host;
    private final Program vmm;
    private int seen;

    private Guest(KvmHost host, Program vmm) {
        this.host = host;
        this.vmm = vmm;
    }

    /** Starts the VMM; {@link #awaitReady} waits for the guest. */
    public static Guest start(KvmHost host, Vmm vmm, GuestSpec spec) {
        return new Guest(host, host.start(vmm.command(host, spec)));
    }

    /** A guest behind a program that is already started, with the guest's serial port as its input and output. */
    public static Guest of(KvmHost host, Program vmm) {
        return new Guest(host, vmm);
    }

    /** Waits until init listens, since the start or since the last call: again after each reboot. */
    public Guest awaitReady() {
        await("^guest: ready\\s*$", BOOT_ON_HARDWARE.multipliedBy(host.slowness()));
        return this;
    }

    /** Runs a shell script in the guest. It may take as long as some seconds' work takes on this host. */
    public Outcome run(String script) {
        return run(script, SECONDS_ON_HARDWARE.multipliedBy(host.slowness()));
    }

    /** Runs a shell script in the guest; its standard error comes with its output. */
    public Outcome run(String script, Duration atMost) {
        send(script);
        int from = seen;
        MatchResult done = await("^guest: done (\\d+)\\s*$", atMost);
        String text = vmm.out().text().substring(from, done.start()).replace("\r", "");
        int status = Integer.parseInt(done.group(1));
        return new Outcome(Command.script(script), status, text.stripLeading(), "");
    }

    /** Waits for a match after what was seen, which then is seen too. What the VMM said comes with a failure. */
    private MatchResult await(String regex, Duration atMost) {
        try {
            MatchResult found = vmm.out().await(seen, regex, atMost);
            seen = found.end();
            return found;
        } catch (HostDiedException e) {
            throw e;
        } catch (LabException e) {
            String state = vmm.isRunning()
                    ? "runs"
                    : "ended with " + vmm.await(Duration.ZERO).status();
            throw new LabException(
                    e.getMessage() + "\nThe VMM " + state + "; its standard error:\n"
                            + vmm.err().text(),
                    e);
        }
    }

    /** Runs a script that must succeed: its output without white space around it. */
    public String text(String script) {
        return run(script).orThrow().text();
    }

    /** Sends a script without waiting for its end: what it prints appears on {@link #console}. */
    public void send(String script) {
        String code =
                Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(script.getBytes(StandardCharsets.UTF_8));
        vmm.feed(code + "\n.\n");
    }

    /** What its kernel has logged since this boot that says that something is broken; not what its host is to blame for. */
    public List<String> complaints() {
        return run("dmesg | grep -E '" + COMPLAINT + "'")
                .text()
                .lines()
                .filter(COMPLAINT.asPredicate()) // the console may say something else between
                .filter(line -> !host.isArtefact(line))
                .toList();
    }

    /** Writes everything to disk, makes its root read-only and powers off: how the VMM ended. */
    public Outcome powerOff() {
        send("sync; mount -o remount,ro / 2>/dev/null; poweroff -f");
        return awaitEnd();
    }

    /** Waits for the VMM's end. */
    public Outcome awaitEnd() {
        return vmm.await(SECONDS_ON_HARDWARE.multipliedBy(host.slowness()));
    }

    /** What the guest wrote on its serial console, all of it. */
    public Transcript console() {
        return vmm.out();
    }

    /** The VMM. */
    public Program vmm() {
        return vmm;
    }

    @Override
    public void close() {
        vmm.close();
    }
}
