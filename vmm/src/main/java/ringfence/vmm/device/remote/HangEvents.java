package ringfence.vmm.device.remote;

/** What a {@link Vigil} finds. On the watch's thread. */
interface HangEvents {
    /**
     * The back-end hangs.
     *
     * @param why one line that says what follows, or what to do
     * @param replaced whether it will be replaced if it does not go on
     * @param nanos for how long it has shown nothing
     */
    void hangs(String why, boolean replaced, long nanos);

    /** It does what it should again. */
    void goesOn();

    /** It has hung for too long, and is being killed. @param why one line */
    void killed(String why);

    /** So many requests more were failed because two back-ends had died with them. */
    void failedRequests(long count);
}
