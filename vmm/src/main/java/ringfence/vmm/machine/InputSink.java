package ringfence.vmm.machine;

/** Who takes what is typed: a serial port or a console. */
interface InputSink {
    /** There is nobody yet: what is typed waits. */
    InputSink NOBODY = (_, _, _) -> 0;

    /** Takes input. @return how many bytes were taken, perhaps 0 */
    int receive(byte[] from, int offset, int length);
}
