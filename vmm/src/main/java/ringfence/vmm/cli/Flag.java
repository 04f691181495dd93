package ringfence.vmm.cli;

import java.util.List;

/**
 * A flag of a command line.
 *
 * @param name with its dashes, such as {@code --disk}
 * @param alias a second name; empty: none
 * @param label what follows it; empty: nothing
 * @param repeats whether it may be given more than once, and may have several values behind it
 * @param help lines for a person
 */
record Flag(String name, String alias, String label, boolean repeats, List<String> help) {
    boolean hasValue() {
        return !label.isEmpty();
    }

    boolean is(String word) {
        return name.equals(word) || !alias.isEmpty() && alias.equals(word);
    }
}
