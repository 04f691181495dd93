package ringfence.it.style;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Small units: production files of 120 lines in the median and 350 at the 90th percentile, no file above 600, no method
 * above 80. Exceptions stand in {@code style/sizes.txt}, each with its reason.
 */
class SizesTest {
    private static final int MEDIAN = 120;
    private static final int P90 = 350;
    private static final int FILE = 600;
    private static final int METHOD = 80;

    private final Map<String, String> exceptions = exceptions();

    @Test
    void filesAreShort() {
        List<Integer> production =
                Project.sources("main").stream().map(SizesTest::lines).sorted().toList();
        assertThat(production.get(production.size() / 2)).as("median").isLessThanOrEqualTo(MEDIAN);
        assertThat(production.get(production.size() * 9 / 10))
                .as("90th percentile")
                .isLessThanOrEqualTo(P90);
        List<String> long600 = Stream.concat(Project.sources("main").stream(), Project.sources("test").stream())
                .filter(file -> lines(file) > FILE)
                .map(file -> Project.name(file))
                .filter(name -> !exceptions.containsKey(name))
                .toList();
        assertThat(long600).as("files above " + FILE + " lines").isEmpty();
    }

    @Test
    void methodsAreShort() throws IOException {
        List<Path> files = Stream.concat(Project.sources("main").stream(), Project.sources("test").stream())
                .toList();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> tooLong = new ArrayList<>();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, manager, ignored -> {}, null, null, manager.getJavaFileObjectsFromPaths(files));
            Trees trees = Trees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Methods(unit, trees, tooLong).scan(unit, null);
            }
        }
        assertThat(tooLong).as("methods above " + METHOD + " lines").isEmpty();
    }

    @Test
    void everyExceptionIsStillOneAndSaysWhy() {
        exceptions.forEach((name, reason) -> {
            assertThat(reason).as(name).isNotBlank();
            assertThat(Project.ROOT.resolve(name.replaceFirst("#.*", ""))).exists();
        });
    }

    private static int lines(Path file) {
        return (int) Project.read(file).lines().count();
    }

    private static Map<String, String> exceptions() {
        Map<String, String> found = new TreeMap<>();
        for (String line : Project.list("sizes.txt")) {
            String[] words = line.split("\\s+", 2);
            found.put(words[0], words.length > 1 ? words[1] : "");
        }
        return found;
    }

    private final class Methods extends TreeScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final Trees trees;
        private final List<String> tooLong;

        Methods(CompilationUnitTree unit, Trees trees, List<String> tooLong) {
            this.unit = unit;
            this.trees = trees;
            this.tooLong = tooLong;
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            long first = trees.getSourcePositions().getStartPosition(unit, method);
            long last = trees.getSourcePositions().getEndPosition(unit, method);
            if (last > first) {
                long lines = unit.getLineMap().getLineNumber(last)
                        - unit.getLineMap().getLineNumber(first)
                        + 1;
                String name = Project.name(Path.of(unit.getSourceFile().toUri())) + "#" + method.getName();
                if (lines > METHOD && !exceptions.containsKey(name)) {
                    tooLong.add(name + " has " + lines);
                }
            }
            return super.visitMethod(method, unused);
        }
    }
}
