package ringfence.vmm.machine;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Terminal;
import ringfence.memory.MemoryTable;
import ringfence.process.BadInputException;
import ringfence.vmm.config.ConsoleConfig;
import ringfence.vmm.config.ConsoleMode;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.device.local.Console;
import ringfence.vmm.device.local.ConsoleOutput;
import ringfence.vmm.legacy.Serial16550;
import ringfence.vmm.legacy.SerialBackend;
import ringfence.vmm.legacy.SerialPump;

/**
 * Where the serial port, the virtio console and the debug console of a VM lead: nowhere, to the terminal, a file, or a {@link
 * ConsoleLine}. They are open as long as there is the VM, for one machine after the other; {@link #begin} is told of each.
 * Standard input goes to the serial port if that is on the terminal, else to the console. A terminal is made raw while a
 * machine runs, and given back on every way out of the process that Java sees; {@code stty sane} helps after the others.
 * For the machine's owner only.
 */
final class Consoles implements AutoCloseable {
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final Supplier<AutoCloseable> NOTHING_TO_WATCH = () -> () -> {};
    private static final String SERIAL = "serial";
    private static final String CONSOLE = "console";
    private static final String DEBUG = "debug-console";

    private final Linux linux;
    private final VmConfig config;
    private final Fd stdout;
    private final TerminalInput input;
    private final Map<String, ConsoleLine> lines = new HashMap<>();
    private final Map<String, FileOutputStream> files = new HashMap<>();
    private final Map<String, SerialPump> pumps = new LinkedHashMap<>();
    private Optional<Fd> consoleFile = Optional.empty();
    private Optional<Terminal> terminal = Optional.empty(); // while a machine runs
    private Supplier<AutoCloseable> watch = NOTHING_TO_WATCH; // of the size of the console's terminal, if it has one

    /**
     * Opens them.
     *
     * @param input what is typed, for whichever of them is on the terminal; its owner's
     * @throws BadInputException if one cannot be opened, with one line for the user; nothing is left behind
     */
    Consoles(Linux linux, VmConfig config, TerminalInput input) {
        this.linux = linux;
        this.input = input;
        this.config = config;
        try {
            pump(SERIAL, config.serial());
            if (config.console().mode() == ConsoleMode.PTY || config.console().mode() == ConsoleMode.SOCKET) {
                pump(CONSOLE, config.console());
            } else if (config.console().mode() == ConsoleMode.FILE) {
                consoleFile = Optional.of(consoleFile());
            }
            if (config.debugConsole().output().mode() != ConsoleMode.OFF) {
                pump(DEBUG, config.debugConsole().output());
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        if (lines.get(DEBUG) != null) {
            lines.get(DEBUG).to((_, _, length) -> length); // nobody reads there
        }
        stdout = Fd.own(linux.kernel(), 1);
    }

    /** A machine begins to use them. @return until that is closed, which lets its last output out */
    AutoCloseable begin() {
        terminal = onTerminal(config.serial()) || onTerminal(config.console())
                ? Terminal.of(linux, Fd.own(linux.kernel(), 0))
                : Optional.empty();
        if (terminal.isEmpty()) {
            return this::rest;
        }
        Terminal present = terminal.get();
        Thread restore = new Thread(present::restore, "terminal");
        Runtime.getRuntime().addShutdownHook(restore);
        present.raw();
        return () -> {
            rest();
            present.restore();
            terminal = Optional.empty();
            try {
                Runtime.getRuntime().removeShutdownHook(restore);
            } catch (IllegalStateException _) {
                // the shutdown has begun: the hook restores once more, to the same
            }
        };
    }

    /** No machine uses them. What leads to a line waits there, for whoever reads it, and what comes from one for the next. */
    private void rest() {
        input.toNobody();
        watch = NOTHING_TO_WATCH;
        lines.forEach((name, line) -> {
            if (!name.equals(DEBUG)) {
                line.to(InputSink.NOBODY);
            }
        });
        pumps.forEach((name, pump) -> {
            if (!lines.containsKey(name)) {
                pump.drain(DRAIN_NANOS);
            }
            pump.detach();
        });
    }

    private void pump(String name, ConsoleConfig console) {
        pumps.put(name, new SerialPump(name, stream(name, console)));
    }

    private OutputStream stream(String name, ConsoleConfig console) {
        return switch (console.mode()) {
            case TTY -> new FileOutputStream(FileDescriptor.out);
            case FILE -> file(name, console);
            case PTY, SOCKET -> line(name, console);
            case OFF, NULL -> OutputStream.nullOutputStream();
        };
    }

    private ConsoleLine line(String name, ConsoleConfig console) {
        String option = "--" + name + " " + console.mode().word();
        try {
            ConsoleLine line = console.mode() == ConsoleMode.PTY
                    ? ConsoleLine.pty(linux, name)
                    : ConsoleLine.socket(linux, name, console.socket().orElseThrow());
            lines.put(name, line);
            return line;
        } catch (ErrnoException e) {
            throw new BadInputException(
                    option + ": there is none to be had: " + e.getMessage() + ": choose another mode", e);
        } catch (IllegalArgumentException e) {
            throw new BadInputException(option + ": " + e.getMessage() + ": choose another path", e);
        }
    }

    private static boolean onTerminal(ConsoleConfig console) {
        return console.mode() == ConsoleMode.TTY;
    }

    private OutputStream file(String name, ConsoleConfig console) {
        String path = console.file().orElseThrow();
        try {
            FileOutputStream file = new FileOutputStream(path);
            files.put(name, file);
            return file;
        } catch (IOException e) {
            throw cannotWrite("--" + name, path, e.getMessage(), e);
        }
    }

    /** A configuration with these consoles, with the pseudo-terminals that have been made for them. */
    VmConfig opened(VmConfig with) {
        return with.with(terminal(SERIAL), terminal(CONSOLE), terminal(DEBUG));
    }

    private Optional<String> terminal(String name) {
        return Optional.ofNullable(lines.get(name)).flatMap(ConsoleLine::terminal);
    }

    /** Whether the guest finds a serial port. */
    boolean hasSerial() {
        return hasSerial(config);
    }

    /** Whether a guest of this configuration finds one. */
    static boolean hasSerial(VmConfig config) {
        return config.serial().mode() != ConsoleMode.OFF;
    }

    /** Where the serial port's output goes. */
    SerialBackend serialOutput() {
        return pumps.get(SERIAL);
    }

    /** Where the debug console's output goes; empty: there is none. */
    Optional<SerialBackend> debugOutput() {
        return Optional.ofNullable(pumps.get(DEBUG));
    }

    /** The debug console's port. */
    int debugPort() {
        return config.debugConsole().port();
    }

    /** This boot's serial port. */
    void attach(Serial16550 serial) {
        if (onTerminal(config.serial())) {
            serial.onRoom(input::room);
            input.to(serial::receive);
        }
        ConsoleLine line = lines.get(SERIAL);
        if (line != null) {
            serial.onRoom(line::room);
            line.to(serial::receive);
        }
    }

    /** The virtio console, if the machine has one. */
    Optional<Console> console(MemoryTable memory) {
        ConsoleMode mode = config.console().mode();
        if (mode == ConsoleMode.OFF) {
            return Optional.empty();
        }
        ConsoleLine line = lines.get(CONSOLE);
        Optional<Terminal> screen = onTerminal(config.console())
                ? terminal
                : Optional.ofNullable(line).flatMap(ConsoleLine::screen);
        Terminal.Size now = screen.map(Terminal::size).orElse(new Terminal.Size(0, 0));
        Console console =
                new Console(linux, config.console().id(), memory, consoleOutput(mode), now.columns(), now.rows());
        screen.ifPresent(shown -> watch = () -> new TerminalSize(shown, now, console::resize));
        if (mode == ConsoleMode.TTY && !onTerminal(config.serial())) {
            console.onRoom(input::room);
            input.to(console::receive);
        }
        if (line != null) {
            console.onRoom(line::room);
            line.to(console::receive);
        }
        return Optional.of(console);
    }

    /** From now on the console, which is plugged in, has the size of its terminal. @return until that is closed */
    AutoCloseable watchSize() {
        return watch.get();
    }

    private ConsoleOutput consoleOutput(ConsoleMode mode) {
        return switch (mode) {
            case TTY -> to(stdout);
            case FILE -> to(consoleFile.orElseThrow());
            case PTY, SOCKET -> new PumpedOutput(pumps.get(CONSOLE));
            default -> bytes -> {};
        };
    }

    private Fd consoleFile() {
        String path = config.console().file().orElseThrow();
        try {
            return linux.files().open(path, 0644, OpenFlag.WRONLY, OpenFlag.CREAT, OpenFlag.TRUNC);
        } catch (ErrnoException e) {
            throw cannotWrite("--console", path, e.errno().text(), e);
        }
    }

    private static BadInputException cannotWrite(String option, String path, String why, Exception cause) {
        return new BadInputException(
                option + " file=" + path + ": cannot be written: " + why + ": choose another path", cause);
    }

    private ConsoleOutput to(Fd fd) {
        return bytes -> {
            MemorySegment left = bytes;
            while (left.byteSize() > 0) {
                long written = linux.files().tryWrite(fd, left);
                if (written <= 0) {
                    return; // nobody reads any more
                }
                left = left.asSlice(written);
            }
        };
    }

    /** How much was lost of each console's output since nobody took it, in bytes, by the console. */
    Map<String, LongSupplier> losses() {
        Map<String, LongSupplier> losses = new HashMap<>();
        lines.keySet().forEach(name -> losses.put(name, pumps.get(name)::dropped));
        return losses;
    }

    /** Lets pending output out, and closes them. No machine uses them. */
    @Override
    public void close() {
        pumps.forEach((name, pump) -> {
            boolean isOut = pump.drain(lines.containsKey(name) ? DRAIN_NANOS : 0); // the others have been, see rest()
            pump.close();
            if (isOut && files.containsKey(name)) { // else its thread is inside it
                close(files.get(name));
            }
        });
        lines.values().forEach(ConsoleLine::close);
        consoleFile.ifPresent(Fd::close);
    }

    private static void close(FileOutputStream file) {
        try {
            file.close();
        } catch (IOException _) {
            // what was written is written: there is nobody to tell
        }
    }
}
