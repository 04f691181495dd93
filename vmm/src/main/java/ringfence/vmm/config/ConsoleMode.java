package ringfence.vmm.config;

import ringfence.option.OptionTypes;

/** What is behind a console. */
public enum ConsoleMode implements OptionTypes.Choice {
    /** There is no such device. */
    OFF,
    /** The device is there, what it writes is dropped. */
    NULL,
    /** A new pseudo-terminal. */
    PTY,
    /** Standard input and output. */
    TTY,
    /** A file, for output. */
    FILE,
    /** A Unix socket. */
    SOCKET
}
