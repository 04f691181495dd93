package ringfence.net.backend;

import java.util.ArrayList;
import java.util.List;

/** Which taps: {@code --backend=tap}, {@code tap=NAME} or {@code fd=N[:N...]}. */
public sealed interface TapSpec {
    /**
     * A tap that is opened, and made if it is not there.
     *
     * @param name empty: the kernel chooses
     */
    record Named(String name) implements TapSpec {}

    /**
     * Descriptors that we were started with.
     *
     * @param numbers one per pair of queues
     */
    record Given(List<Integer> numbers) implements TapSpec {
        /** Copies the list. */
        public Given {
            numbers = List.copyOf(numbers);
        }
    }

    /** @throws IllegalArgumentException with one line for the user */
    static TapSpec parse(String text) {
        if (text.equals("tap")) {
            return new Named("");
        }
        if (text.startsWith("tap=") && text.length() > 4) {
            return new Named(text.substring(4));
        }
        if (text.startsWith("fd=")) {
            return new Given(numbers(text.substring(3)));
        }
        throw new IllegalArgumentException(
                "--backend is tap, tap=NAME, fd=N[:N...], passt=SOCKET or switch, not " + text);
    }

    private static List<Integer> numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        for (String word : text.split(":", -1)) {
            if (!word.matches("\\d{1,9}") || numbers.contains(Integer.valueOf(word))) {
                throw new IllegalArgumentException(
                        "--backend=fd=" + text + ": give numbers of open descriptors, each once, such as fd=3:4");
            }
            numbers.add(Integer.valueOf(word));
        }
        return numbers;
    }
}
