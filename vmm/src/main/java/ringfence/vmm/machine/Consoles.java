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
 * Where the serial port, the virtio console and the debug console lead: nowhere, to the terminal, a file, or a {@link
 * ConsoleLine}. Standard input goes to the serial port if that is on the terminal, else to the console. A terminal is made
 * raw while the machine runs, and given back by {@link #close} on every way out of the process that Java sees; {@code stty
 * sane} helps after the others.
 */
final class Consoles implements AutoCloseable {
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final String SERIAL = "serial";
    private static final String CONSOLE = "console";
    private static final String DEBUG = "debug-console";

    private final Linux linux;
    private final VmConfig config;
    private final Fd stdout;
    private final Optional<Terminal> terminal;
    private final TerminalInput input;
    private final Map<String, ConsoleLine> lines = new HashMap<>();
    private final Map<String, SerialPump> pumps = new LinkedHashMap<>();
    private final Thread restore;
    private Supplier<AutoCloseable> watch = () -> () -> {}; // of the size of the console's terminal, if it has one

    /** @param input what is typed, for whichever of them is on the terminal; its owner's */
    Consoles(Linux linux, VmConfig config, TerminalInput input) {
        this.linux = linux;
        this.input = input;
        this.config = config;
        try {
            pump(SERIAL, config.serial());
            if (config.console().mode() == ConsoleMode.PTY || config.console().mode() == ConsoleMode.SOCKET) {
                pump(CONSOLE, config.console());
            }
            if (config.debugConsole().output().mode() != ConsoleMode.OFF) {
                pump(DEBUG, config.debugConsole().output());
            }
        } catch (RuntimeException e) {
            end();
            throw e;
        }
        stdout = Fd.own(linux.kernel(), 1);
        terminal = onTerminal(config.serial()) || onTerminal(config.console())
                ? Terminal.of(linux, Fd.own(linux.kernel(), 0))
                : Optional.empty();
        restore = new Thread(() -> terminal.ifPresent(Terminal::restore), "terminal");
        terminal.ifPresent(present -> {
            Runtime.getRuntime().addShutdownHook(restore);
            present.raw();
        });
    }

    private void pump(String name, ConsoleConfig console) {
        pumps.put(name, new SerialPump(name, stream(name, console)));
    }

    private OutputStream stream(String name, ConsoleConfig console) {
        return switch (console.mode()) {
            case TTY -> new FileOutputStream(FileDescriptor.out);
            case FILE -> file("--" + name, console);
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
            throw new BadInputException(option + ": there is none to be had: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new BadInputException(option + ": " + e.getMessage() + ": choose another path", e);
        }
    }

    private static boolean onTerminal(ConsoleConfig console) {
        return console.mode() == ConsoleMode.TTY;
    }

    private static OutputStream file(String option, ConsoleConfig console) {
        String path = console.file().orElseThrow();
        try {
            return new FileOutputStream(path);
        } catch (IOException e) {
            throw cannotWrite(option, path, e.getMessage(), e);
        }
    }

    /** The configuration with the pseudo-terminals that have been made for it. */
    VmConfig opened() {
        return config.with(terminal(SERIAL), terminal(CONSOLE), terminal(DEBUG));
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
            case FILE -> to(consoleFile());
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
        return new BadInputException(option + " file=" + path + ": cannot be written: " + why, cause);
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

    private void end() {
        for (SerialPump pump : pumps.values()) {
            pump.drain(DRAIN_NANOS);
            pump.close();
        }
        lines.values().forEach(ConsoleLine::close);
    }

    /** Lets pending output out and gives the terminal back. */
    @Override
    public void close() {
        input.toNobody();
        end();
        terminal.ifPresent(present -> {
            present.restore();
            try {
                Runtime.getRuntime().removeShutdownHook(restore);
            } catch (IllegalStateException _) {
                // the shutdown has begun: the hook restores once more, to the same
            }
        });
    }
}
