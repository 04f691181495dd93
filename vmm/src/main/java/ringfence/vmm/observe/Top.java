package ringfence.vmm.observe;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import ringfence.linux.Terminal;

/** Shows what VMs do, again and again: on a terminal that it takes for itself, or as text. One thread. */
public final class Top {
    /** The first rates come so soon, and a terminal's size is looked at so often. */
    private static final long SOON = TimeUnit.MILLISECONDS.toNanos(250);

    private static final int CTRL_C = 3;
    private static final int END = -1;

    /** Another screen, without a cursor; and back. */
    private static final String ENTER = "\u001b[?1049h\u001b[?25l";

    private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String REST_OF_LINE = "\u001b[K";
    private static final String REST_OF_SCREEN = "\u001b[J";
    private static final String KEYS = "q ends; sorted by %s: e exits, o operations, b bytes, m memory, p pid";

    private final VmFinder finder;
    private final PrintStream out;
    private final long interval;
    private Order order;
    private boolean left; // the terminal

    /** @param interval between two looks, in nanoseconds */
    public Top(VmFinder finder, PrintStream out, long interval, Order order) {
        this.finder = finder;
        this.out = out;
        this.interval = interval;
        this.order = order;
    }

    private Activity.Look look() {
        return new Activity.Look(System.nanoTime(), finder.find());
    }

    /** Prints it as text, so many times, with an empty line between two; 0: until nobody reads it. */
    public void print(long times) throws InterruptedException {
        print(times, vms -> String.join("\n", ActivityTable.lines(vms)), "\n");
    }

    /** Prints it as JSON, so many times, a line each; 0: until nobody reads it. */
    public void printJson(long times) throws InterruptedException {
        print(times, ActivityJson::line, "");
    }

    private void print(long times, Function<List<Activity.OfVm>, String> form, String between)
            throws InterruptedException {
        Activity.Look before = look();
        for (long i = 0; (times == 0 || i < times) && !out.checkError(); i++) {
            TimeUnit.NANOSECONDS.sleep(i == 0 ? Math.min(SOON, interval) : interval);
            Activity.Look now = look();
            out.println((i == 0 ? "" : between) + form.apply(Activity.between(before, now, order)));
            before = now;
        }
    }

    /** Takes a terminal until the user has enough, or so many screens were shown; 0: any number. Then it is as it was. */
    public void show(Terminal terminal, InputStream keyboard, long times) throws InterruptedException {
        Thread restore = new Thread(() -> leave(terminal), "restore");
        Runtime.getRuntime().addShutdownHook(restore); // a signal's end
        try {
            enter(terminal);
            loop(terminal, keys(keyboard), times);
        } finally {
            leave(terminal);
        }
    }

    private synchronized void enter(Terminal terminal) {
        if (!left) {
            terminal.raw();
            out.print(ENTER);
        }
    }

    /** By us, and by the thread of a signal: after it nothing is drawn. */
    private synchronized void leave(Terminal terminal) {
        left = true;
        out.print(LEAVE);
        out.flush();
        terminal.restore();
    }

    private void loop(Terminal terminal, BlockingQueue<Integer> keys, long times) throws InterruptedException {
        Activity.Look before = look();
        Activity.Look now = before;
        Terminal.Size drawn = new Terminal.Size(0, 0);
        long next = before.nanos() + Math.min(SOON, interval);
        for (long shown = 0; times == 0 || shown < times; ) {
            Integer key = keys.poll(Math.max(0, Math.min(SOON, next - System.nanoTime())), TimeUnit.NANOSECONDS);
            if (key != null && (key == 'q' || key == CTRL_C || key == END)) {
                return;
            }
            Optional<Order> wanted = key == null ? Optional.empty() : Order.of(key.intValue());
            order = wanted.orElse(order);
            boolean due = System.nanoTime() >= next;
            if (due) {
                before = now;
                now = look();
                next = now.nanos() + interval;
                shown++;
            }
            Terminal.Size size = terminal.size();
            if (due || wanted.isPresent() || !size.equals(drawn)) {
                draw(Activity.between(before, now, order), size);
                drawn = size;
            }
        }
    }

    private synchronized void draw(List<Activity.OfVm> vms, Terminal.Size size) {
        if (left) {
            return;
        }
        int columns = size.columns() == 0 ? 80 : size.columns();
        int rows = size.rows() == 0 ? 24 : size.rows();
        StringBuilder screen = new StringBuilder(HOME);
        List<String> lines = ActivityTable.lines(vms);
        for (int i = 0; i < Math.min(lines.size(), rows - 1); i++) {
            screen.append(cut(lines.get(i), columns)).append(REST_OF_LINE).append("\r\n");
        }
        screen.append(cut(String.format(KEYS, order.word()), columns)).append(REST_OF_SCREEN);
        out.print(screen);
        out.flush();
    }

    private static String cut(String line, int columns) {
        return line.length() < columns ? line : line.substring(0, columns - 1);
    }

    /** What is typed, as it comes; {@value #END} at its end. */
    private static BlockingQueue<Integer> keys(InputStream keyboard) {
        BlockingQueue<Integer> keys = new LinkedBlockingQueue<>();
        Thread.ofPlatform().name("keyboard").daemon().start(() -> {
            int key;
            do {
                try {
                    key = keyboard.read();
                } catch (IOException _) {
                    key = END;
                }
                keys.add(key);
            } while (key != END);
        });
        return keys;
    }
}
