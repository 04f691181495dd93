package ringfence.vmm.config;

/**
 * Something that is wrong with a configuration.
 *
 * @param option what it is about, as it is written on a command line, such as {@code --disk _disk0 queue_size}
 * @param text what is wrong, and what to do
 * @param isTaken whether it is a name that another device has
 */
public record Problem(String option, String text, boolean isTaken) {
    /** Any other problem. */
    public Problem(String option, String text) {
        this(option, text, false);
    }

    /** One line for a person. */
    public String line() {
        return option + ": " + text;
    }

    /** The same, found in one of several. */
    Problem of(String name) {
        return new Problem(name + " " + option, text, isTaken);
    }
}
