package ringfence.vmm.supervise;

import java.util.Optional;

/**
 * What a message of sd_notify(3) asks of the descriptor store. Lines that mean nothing here, such as {@code READY=1}, are
 * passed over; of two that say the same the last one counts.
 *
 * @param stores whether the descriptor that came along is to be kept
 * @param removes whether what is kept under the name is to be closed
 * @param name under which; empty: none was said, or one that may not be
 */
record NotifyMessage(boolean stores, boolean removes, Optional<String> name) {
    /** The longest name, as in systemd. */
    static final int MAX_NAME = 255;

    /** Any text is a message. */
    static NotifyMessage of(String text) {
        boolean stores = false;
        boolean removes = false;
        Optional<String> name = Optional.empty();
        for (int at = 0; at < text.length(); ) {
            int end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            String line = text.substring(at, end);
            at = end + 1;
            if (line.equals("FDSTORE=1")) {
                stores = true;
            } else if (line.equals("FDSTOREREMOVE=1")) {
                removes = true;
            } else if (line.startsWith("FDNAME=")) {
                name = Optional.of(line.substring(7)).filter(NotifyMessage::isName);
            }
        }
        return new NotifyMessage(stores, removes, name);
    }

    /** Letters, digits, '.', '_' and '-': no sign that could mean something in an environment variable or a path. */
    private static boolean isName(String name) {
        return !name.isEmpty() && name.length() <= MAX_NAME && name.chars().allMatch(NotifyMessage::mayBeInName);
    }

    private static boolean mayBeInName(int c) {
        return c < 128 && (Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
    }
}
