package ringfence.vmm.machine;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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
 * Where the serial port and the virtio console lead. Standard input goes to the serial port if that is on the terminal,
 * else to the console. A terminal is made raw while the machine runs, and given back by {@link #close} on every way out
 * of the process that Java sees; {@code stty sane} helps after the others.
 */
final class Consoles implements AutoCloseable {
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Linux linux;
    private final VmConfig config;
    private final Fd stdin;
    private final Fd stdout;
    private final Optional<Terminal> terminal;
    private final TerminalInput input;
    private final SerialPump serialPump;
    private final Thread restore;

    Consoles(Linux linux, VmConfig config) {
        this.linux = linux;
        this.config = config;
        check("--serial", config.serial());
        check("--console", config.console());
        stdin = Fd.own(linux.kernel(), 0);
        stdout = Fd.own(linux.kernel(), 1);
        input = new TerminalInput(linux, stdin);
        terminal = onTerminal(config.serial()) || onTerminal(config.console())
                ? Terminal.of(linux, stdin)
                : Optional.empty();
        serialPump = new SerialPump("serial", serialStream());
        restore = new Thread(() -> terminal.ifPresent(Terminal::restore), "terminal");
        terminal.ifPresent(present -> {
            Runtime.getRuntime().addShutdownHook(restore);
            present.raw();
        });
    }

    private static void check(String option, ConsoleConfig console) {
        if (console.mode() == ConsoleMode.PTY || console.mode() == ConsoleMode.SOCKET) {
            throw new BadInputException(option + " " + console.mode().name().toLowerCase(Locale.ROOT)
                    + ": not supported yet; use tty, file=PATH, null or off");
        }
    }

    private static boolean onTerminal(ConsoleConfig console) {
        return console.mode() == ConsoleMode.TTY;
    }

    private OutputStream serialStream() {
        return switch (config.serial().mode()) {
            case TTY -> new FileOutputStream(FileDescriptor.out);
            case FILE -> file("--serial", config.serial());
            default -> OutputStream.nullOutputStream();
        };
    }

    private static OutputStream file(String option, ConsoleConfig console) {
        String path = console.file().orElseThrow();
        try {
            return new FileOutputStream(path);
        } catch (IOException e) {
            throw cannotWrite(option, path, e.getMessage(), e);
        }
    }

    /** Whether the guest finds a serial port. */
    boolean hasSerial() {
        return config.serial().mode() != ConsoleMode.OFF;
    }

    /** Where the serial port's output goes. */
    SerialBackend serialOutput() {
        return serialPump;
    }

    /** This boot's serial port. */
    void attach(Serial16550 serial) {
        if (onTerminal(config.serial())) {
            serial.onRoom(input::room);
            input.to(serial::receive);
        }
    }

    /** The virtio console, if the machine has one. */
    Optional<Console> console(MemoryTable memory) {
        ConsoleMode mode = config.console().mode();
        if (mode == ConsoleMode.OFF) {
            return Optional.empty();
        }
        int columns = terminal.map(present -> present.size().columns()).orElse(0);
        int rows = terminal.map(present -> present.size().rows()).orElse(0);
        Console console = new Console(linux, "__console", memory, consoleOutput(mode), columns, rows);
        if (mode == ConsoleMode.TTY && !onTerminal(config.serial())) {
            console.onRoom(input::room);
            input.to(console::receive);
        }
        return Optional.of(console);
    }

    private ConsoleOutput consoleOutput(ConsoleMode mode) {
        return switch (mode) {
            case TTY -> to(stdout);
            case FILE -> to(consoleFile());
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

    /** Lets pending output out and gives the terminal back. */
    @Override
    public void close() {
        serialPump.drain(DRAIN_NANOS);
        serialPump.close();
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
