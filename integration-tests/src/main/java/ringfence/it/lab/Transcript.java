package ringfence.it.lab;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a program has written to one of its streams so far, as text of one byte per character. Grows by the host's
 * reader thread; any thread may read and wait.
 */
public final class Transcript {
    private static final int TAIL = 4_000;

    private final String what;
    private final StringBuilder text = new StringBuilder();
    private boolean ended;
    private RuntimeException failure;

    Transcript(String what) {
        this.what = what;
    }

    /** All so far. */
    public synchronized String text() {
        return text.toString();
    }

    /** How much there is so far: a place from which to wait for what comes later. */
    public synchronized int length() {
        return text.length();
    }

    /** Waits for the first match in all of the text. */
    public MatchResult await(String regex, Duration atMost) {
        return await(0, regex, atMost);
    }

    /**
     * Waits for the first match at or after a place. Throws {@link LabException} with the end of the text where time
     * runs out or the stream ends first, {@link HostDiedException} where the host does. Multi-line: {@code ^} and
     * {@code $} match at line ends.
     */
    public synchronized MatchResult await(int from, String regex, Duration atMost) {
        Pattern pattern = Pattern.compile(regex, Pattern.MULTILINE);
        long deadline = System.nanoTime() + atMost.toNanos();
        while (true) {
            Matcher matcher = pattern.matcher(text);
            if (matcher.find(from)) {
                return matcher.toMatchResult();
            }
            if (failure != null) {
                throw LabException.again(failure);
            }
            long left = deadline - System.nanoTime();
            if (ended || left <= 0) {
                String tail = text.substring(Math.max(0, text.length() - TAIL));
                String how = ended ? " ended without '" : " had within " + atMost.toSeconds() + " s no '";
                throw new LabException(what + how + regex + "'; its last words:\n" + tail);
            }
            try {
                wait(left / 1_000_000 + 1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LabException("interrupted while waiting for '" + regex + "' from " + what, e);
            }
        }
    }

    synchronized void append(byte[] bytes) {
        text.append(new String(bytes, StandardCharsets.ISO_8859_1));
        notifyAll();
    }

    synchronized void end() {
        ended = true;
        notifyAll();
    }

    synchronized void fail(RuntimeException why) {
        failure = why;
        notifyAll();
    }
}
