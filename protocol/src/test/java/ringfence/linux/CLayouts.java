package ringfence.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Asks the C compiler for values: expressions of C, evaluated by a small program that it compiles. */
public final class CLayouts {
    private final Set<String> headers = new LinkedHashSet<>();
    private final Map<String, Long> expected = new LinkedHashMap<>();

    public CLayouts include(String header) {
        headers.add(header);
        return this;
    }

    /** This expression of C should have this value. */
    public CLayouts expect(String expression, long value) {
        expected.put(expression, value);
        return this;
    }

    public CLayouts size(String type, long value) {
        return expect("sizeof(" + type + ")", value);
    }

    public CLayouts offset(String type, String field, long value) {
        return expect("offsetof(" + type + ", " + field + ")", value);
    }

    public Map<String, Long> expected() {
        return expected;
    }

    /** What C says. */
    public Map<String, Long> actual(Path directory) throws IOException, InterruptedException {
        StringBuilder source = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdio.h>\n");
        headers.forEach(header -> source.append("#include <").append(header).append(">\n"));
        source.append("int main(void) {\n");
        expected.keySet()
                .forEach(e -> source.append("printf(\"%lld\\n\", (long long) (")
                        .append(e)
                        .append("));\n"));
        source.append("}\n");
        Path c = directory.resolve("layouts.c");
        Path program = directory.resolve("layouts");
        Files.writeString(c, source);
        run(directory, "cc", "-o", program.toString(), c.toString());
        List<String> lines = run(directory, program.toString()).lines().toList();
        Map<String, Long> actual = new LinkedHashMap<>();
        int line = 0;
        for (String expression : expected.keySet()) {
            actual.put(expression, Long.parseLong(lines.get(line++)));
        }
        return actual;
    }

    private static String run(Path directory, String... command) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        int code = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        if (code != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + code + ":\n" + text);
        }
        return text;
    }
}
