import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.JavaFormatterOptions.Style;
import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The build's own look at every source file: is it formatted, and does each restricted call say why it is safe?
 *
 * <p>Run by the root {@code pom.xml} in the phase {@code validate} on the JDK 25 of the toolchain, since a formatter
 * inside Maven's own JVM (17) cannot parse Java 25. A file whose digest is in the stamp file passed before and is not
 * looked at again, so that a build without changes pays only for the start of this JVM.
 *
 * <p>Restricted calls: javac (-Xlint:all -Werror) reports every one that is not suppressed. Here the suppression is
 * refused outside {@code ringfence.linux}, and inside it each call needs a comment {@code // SAFETY:} above its
 * statement that names the invariant and who keeps it.
 *
 * <p>Usage: {@code java SourceCheck.java check|apply ROOT STAMPS}; {@code RINGFENCE_FORMAT=apply} in the environment of a
 * developer's shell has every build format. Exit code 0: all is well; 3: one line per
 * finding on stderr, and in the file {@code source-check.failed} beside the stamps, by which the build fails.
 */
final class SourceCheck {
    private static final int FOUND = 3;
    private static final String HOME = "ringfence/linux/";
    private static final Set<String> RESTRICTED = Set.of(
            "downcallHandle",
            "upcallStub",
            "reinterpret",
            "libraryLookup",
            "withTargetLayout",
            "enableNativeAccess",
            "loadLibrary");

    private final boolean apply;
    private final Path root;

    private SourceCheck(boolean apply, Path root) {
        this.apply = apply;
        this.root = root;
    }

    public static void main(String[] args) throws IOException {
        Path stamps = Path.of(args[2]);
        SourceCheck check = new SourceCheck(
                args[0].equals("apply") || "apply".equals(System.getenv("RINGFENCE_FORMAT")), Path.of(args[1]));
        String tool = digest(Files.readString(Path.of(args[1], "packaging/checks/SourceCheck.java")))
                + Formatter.class.getPackage().getImplementationVersion();
        Map<String, String> passed = read(stamps, tool);
        List<Path> sources = check.sources();
        Map<String, String> now = new TreeMap<>();
        List<String> findings = new ArrayList<>();
        sources.parallelStream().forEach(file -> {
            String name = check.root.relativize(file).toString();
            Result result = check.look(file, name, passed.get(name));
            synchronized (findings) {
                findings.addAll(result.findings());
                if (result.findings().isEmpty()) {
                    now.put(name, result.digest());
                }
            }
        });
        write(stamps, tool, now);
        findings.stream().sorted().forEach(System.err::println);
        Path failed = stamps.resolveSibling("source-check.failed");
        if (findings.isEmpty()) {
            Files.deleteIfExists(failed);
        } else {
            Files.write(failed, findings);
            System.exit(FOUND);
        }
    }

    /** Not loaded when no file has changed. */
    private static final class Lazy {
        static final Formatter FORMATTER = Formatter.createFormatter(
                JavaFormatterOptions.builder().style(Style.PALANTIR).build());
    }

    /** What was found in one file, and the digest of its final text. */
    private record Result(String digest, List<String> findings) {}

    private Result look(Path file, String name, String passed) {
        try {
            String text = Files.readString(file);
            String digest = digest(text);
            if (digest.equals(passed)) {
                return new Result(digest, List.of());
            }
            List<String> findings = new ArrayList<>(safety(name, text));
            String formatted = Lazy.FORMATTER.formatSourceAndFixImports(text);
            if (!formatted.equals(text)) {
                if (apply) {
                    Files.writeString(file, formatted);
                    System.err.println("formatted " + name);
                } else {
                    findings.add(name + ": not formatted; run: mvn -q -N validate -Dformat=apply");
                }
            }
            return new Result(digest(formatted), findings);
        } catch (FormatterException e) {
            return new Result("", List.of(name + ": does not parse: " + e.getMessage()));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + file, e);
        }
    }

    private List<Path> sources() throws IOException {
        List<Path> found = new ArrayList<>();
        List<Path> folders = new ArrayList<>(List.of(root.resolve("packaging")));
        try (Stream<Path> modules = Files.list(root)) {
            modules.map(module -> module.resolve("src"))
                    .filter(Files::isDirectory)
                    .forEach(folders::add);
        }
        for (Path folder : folders) {
            try (Stream<Path> files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .filter(file -> !file.toString().contains("/target/"))
                        .forEach(found::add);
            }
        }
        return found;
    }

    private static List<String> safety(String name, String text) throws IOException {
        if (RESTRICTED.stream().noneMatch(text::contains) && !text.contains("\"restricted\"")) {
            return List.of();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject source = new SimpleJavaFileObject(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
        JavacTask task = (JavacTask) compiler.getTask(null, null, ignored -> {}, null, null, List.of(source));
        List<String> findings = new ArrayList<>();
        for (CompilationUnitTree unit : task.parse()) {
            new SafetyScanner(name, text, unit, Trees.instance(task), findings).scan(unit, null);
        }
        return findings;
    }

    /** Finds restricted calls without a reason, and suppressions in the wrong package. */
    private static final class SafetyScanner extends TreePathScanner<Void, Void> {
        private final String name;
        private final List<String> lines;
        private final CompilationUnitTree unit;
        private final Trees trees;
        private final List<String> findings;

        SafetyScanner(String name, String text, CompilationUnitTree unit, Trees trees, List<String> findings) {
            this.name = name;
            this.lines = text.lines().toList();
            this.unit = unit;
            this.trees = trees;
            this.findings = findings;
        }

        @Override
        public Void visitAnnotation(AnnotationTree annotation, Void unused) {
            if (annotation.toString().contains("\"restricted\"") && !name.contains(HOME)) {
                findings.add(name + ":" + line(annotation)
                        + ": only ringfence.linux may suppress \"restricted\"; call a typed method of it instead");
            }
            return super.visitAnnotation(annotation, unused);
        }

        @Override
        public Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
            String method = switch (call.getMethodSelect()) {
                case MemberSelectTree select -> select.getIdentifier().toString();
                case IdentifierTree identifier -> identifier.getName().toString();
                default -> "";
            };
            if (RESTRICTED.contains(method) && !explained()) {
                findings.add(name + ":" + line(call) + ": restricted call " + method
                        + " without '// SAFETY:' above its statement");
            }
            return super.visitMethodInvocation(call, unused);
        }

        /** Whether the comment directly above the statement, or the field, around the current call says SAFETY. */
        private boolean explained() {
            for (TreePath path = getCurrentPath(); path != null; path = path.getParentPath()) {
                Tree tree = path.getLeaf();
                if (tree instanceof StatementTree || tree instanceof VariableTree) {
                    return explained(line(tree));
                }
            }
            return false;
        }

        private boolean explained(int line) {
            for (int above = line - 1; above >= 1; above--) {
                String text = lines.get(above - 1).strip();
                if (text.startsWith("// SAFETY: ")) {
                    return true;
                }
                if (!text.startsWith("//") && !text.startsWith("@")) {
                    return false;
                }
            }
            return false;
        }

        private int line(Tree tree) {
            long start = trees.getSourcePositions().getStartPosition(unit, tree);
            return (int) unit.getLineMap().getLineNumber(start);
        }
    }

    private static Map<String, String> read(Path stamps, String tool) throws IOException {
        Map<String, String> passed = new HashMap<>();
        if (!Files.exists(stamps)) {
            return passed;
        }
        List<String> lines = Files.readAllLines(stamps);
        if (lines.isEmpty() || !lines.getFirst().equals(tool)) {
            return passed;
        }
        for (String line : lines.subList(1, lines.size())) {
            int space = line.indexOf(' ');
            passed.put(line.substring(space + 1), line.substring(0, space));
        }
        return passed;
    }

    private static void write(Path stamps, String tool, Map<String, String> passed) throws IOException {
        List<String> lines = new ArrayList<>(List.of(tool));
        passed.forEach((name, digest) -> lines.add(digest + " " + name));
        Files.createDirectories(stamps.getParent());
        Path fresh = Files.createTempFile(stamps.getParent(), "stamps", null);
        Files.write(fresh, lines);
        Files.move(fresh, stamps, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static String digest(String text) {
        try {
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sum, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
