package ringfence.linux;

/** How a program is started, all laid out in native memory: the thread that does it may not be able to load a class. */
interface Start extends AutoCloseable {
    /** Starts it, once; loads no class. @return the number of the process, or minus the errno */
    long start();

    @Override
    void close();
}
