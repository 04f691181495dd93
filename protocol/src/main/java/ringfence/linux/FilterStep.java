package ringfence.linux;

/**
 * An instruction of a classic BPF program ({@code struct sock_filter} of linux/filter.h), as seccomp(2) runs them.
 *
 * @param code what it does: 16 bits
 * @param whenTrue how many instructions a comparison that holds skips, 0 to 255
 * @param whenFalse how many one that does not hold skips
 * @param operand its constant
 */
public record FilterStep(int code, int whenTrue, int whenFalse, int operand) {
    /** Checks the ranges. */
    public FilterStep {
        if (code >>> 16 != 0 || whenTrue >>> 8 != 0 || whenFalse >>> 8 != 0) {
            throw new IllegalArgumentException("no BPF instruction: " + code + " " + whenTrue + " " + whenFalse);
        }
    }
}
