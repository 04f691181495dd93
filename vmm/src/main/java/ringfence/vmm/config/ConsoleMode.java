package ringfence.vmm.config;

import ringfence.option.OptionTypes;

/** What is behind a console. */
public enum ConsoleMode implements OptionTypes.Choice {
    /** There is no such device. */
    OFF("off", "Off"),
    /** The device is there, what it writes is dropped. */
    NULL("null", "Null"),
    /** A new pseudo-terminal. */
    PTY("pty", "Pty"),
    /** Standard input and output. */
    TTY("tty", "Tty"),
    /** A file, for output. */
    FILE("file", "File"),
    /** A Unix socket. */
    SOCKET("socket", "Socket");

    private final String word;
    private final String jsonName;

    ConsoleMode(String word, String jsonName) {
        this.word = word;
        this.jsonName = jsonName;
    }

    @Override
    public String word() {
        return word;
    }

    @Override
    public String jsonName() {
        return jsonName;
    }
}
