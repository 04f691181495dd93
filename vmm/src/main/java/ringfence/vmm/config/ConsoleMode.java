package ringfence.vmm.config;

/** Where a console leads. */
public enum ConsoleMode {
    /** There is none. */
    OFF,
    /** There is one, and what it says is lost. */
    NULL,
    /** Standard input and output. */
    TTY,
    /** A new pseudo-terminal. */
    PTY,
    /** A file; no input. */
    FILE,
    /** A Unix socket. */
    SOCKET
}
