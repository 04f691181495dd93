package ringfence.it.bench;

/**
 * What one run has moved.
 *
 * @param rate frames a second that the back-end has passed on, both directions together
 * @param cpu nanoseconds of the back-end's processor time a frame
 * @param busy nanoseconds a frame in which the back-end did not only look, as it says itself; NaN: it does not say
 * @param front the same of the front-end
 * @param lost share of the frames under way that were lost
 */
record Flow(double rate, double cpu, double busy, double front, double lost) {
    /** Frames for each second of a core. */
    double perCore() {
        return 1e9 / cpu;
    }
}
