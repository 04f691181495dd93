package ringfence.vmm.cli;

import java.util.Optional;
import java.util.OptionalInt;
import ringfence.option.FlagSyntax;
import ringfence.option.OptionException;

/**
 * Where the API is served ({@code --api-socket}): one of the two.
 *
 * @param path of a socket that is made
 * @param fd a socket that listens already, which whoever starts the VMM hands over
 */
record ApiSocket(Optional<String> path, OptionalInt fd) {
    /** {@code path=/x}, the path alone, or {@code fd=7}. @throws OptionException one line that names the flag */
    static ApiSocket parse(String text) {
        if (!text.startsWith("fd=")) {
            String path = FlagSyntax.unquote(text.startsWith("path=") ? text.substring(5) : text);
            return new ApiSocket(Optional.of(path), OptionalInt.empty());
        }
        String number = text.substring(3);
        if (!number.matches("[0-9]{1,9}")) {
            throw new OptionException(
                    Flags.API_SOCKET + " fd: '" + number + "' is no descriptor's number: write fd=3, for instance");
        }
        return new ApiSocket(Optional.empty(), OptionalInt.of(Integer.parseInt(number)));
    }

    /** As it is written. */
    @Override
    public String toString() {
        return path.orElseGet(() -> "fd=" + fd.getAsInt());
    }
}
