package ringfence.option;

import java.util.List;

/** The values of a record that is being made: what was said, and the defaults of the rest. */
public final class OptionValues {
    private final List<? extends Option<?, ?>> options;
    private final Object[] said;

    OptionValues(List<? extends Option<?, ?>> options) {
        this.options = options;
        said = new Object[options.size()];
    }

    /** The value of an option of this table. */
    @SuppressWarnings("unchecked") // only set() fills it, with values of the option's own type
    public <V> V get(Option<?, V> option) {
        Object value = said[index(option)];
        return value == null ? option.otherwise() : (V) value;
    }

    /** Whether something was said. */
    public boolean isSaid(Option<?, ?> option) {
        return said[index(option)] != null;
    }

    /** Takes note of a value. @throws OptionException if there is one already */
    <V> void set(Option<?, V> option, V value) {
        int index = index(option);
        if (said[index] != null) {
            throw new OptionException("is given twice");
        }
        said[index] = value;
    }

    private int index(Option<?, ?> option) {
        for (int i = 0; i < said.length; i++) {
            if (isSame(options.get(i), option)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no option of this table: " + option.key());
    }

    /** An option is what it is by identity: two records may have equal ones. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(Option<?, ?> a, Option<?, ?> b) {
        return a == b;
    }
}
