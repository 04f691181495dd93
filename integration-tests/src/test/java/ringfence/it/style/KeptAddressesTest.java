package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Checkout;

/** Whoever gives the kernel an address keeps what is there until the call has returned: docs/decisions, 34. */
class KeptAddressesTest {
    private static final Pattern CALL = Pattern.compile("\\bkernel(\\(\\))?\\.call\\(");
    private static final Pattern ADDRESS = Pattern.compile("\\w\\.address\\(\\)");
    private static final Pattern KEPT = Pattern.compile("\\bArena\\b|\\bkeeping\\(|\\breachabilityFence\\(");
    private static final String MEMBER = "\n\n    ";

    @Test
    void eachCallKeepsWhatItGivesTheAddressOf() throws IOException {
        Set<String> wrong = new TreeSet<>();
        Path sources = Checkout.find().root().resolve("protocol/src/main/java/ringfence/linux");
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                look(file.getFileName().toString(), Files.readString(file), wrong);
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void itWouldSeeOne() {
        Set<String> wrong = new TreeSet<>();
        look("A", "x\n\n    long a() {\n return kernel.call(READ, name.address(), 0);\n    }", wrong);
        look("B", "x\n\n    long b() {\n return keeping(name, kernel.call(READ, name.address(), 0));\n    }", wrong);
        look("C", "x\n\n    long c() {\n return kernel.call(READ, 0, 0);\n    }", wrong);
        assertThat(wrong).containsExactly("A: name.address(), 0)");
    }

    private static void look(String name, String source, Set<String> wrong) {
        Matcher call = CALL.matcher(source);
        while (call.find()) {
            String arguments = source.substring(call.end(), end(source, call.end()));
            int next = source.indexOf(MEMBER, call.end());
            String member = source.substring(
                    Math.max(0, source.lastIndexOf(MEMBER, call.start())), next < 0 ? source.length() : next);
            if (ADDRESS.matcher(arguments).find() && !KEPT.matcher(member).find()) {
                wrong.add(name + ": "
                        + arguments.substring(arguments.indexOf(',') + 1).strip());
            }
        }
    }

    /** Behind the bracket that ends the arguments. */
    private static int end(String source, int from) {
        int open = 1;
        int at = from;
        while (open > 0) {
            char c = source.charAt(at++);
            open += c == '(' ? 1 : c == ')' ? -1 : 0;
        }
        return at;
    }
}
