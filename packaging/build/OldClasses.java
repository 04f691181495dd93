import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Brings the classes of a jar that were compiled for Java 5 (picocli's) to the class file version of Java 8, with the
 * stack maps that this asks for; their code stays the same. An AOT cache does not take older ones: they were loaded,
 * parsed and verified by the old verifier at each start.
 */
final class OldClasses {
    static final int OLDEST_IN_A_CACHE = ClassFile.JAVA_6_VERSION;

    private OldClasses() {}

    /** Rewrites the old classes of this jar in place. @return how many */
    static int renew(Path jar) throws IOException {
        int renewed = 0;
        try (FileSystem zip = FileSystems.newFileSystem(jar)) {
            Path root = zip.getPath("/");
            ClassFile classes = ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.ClassHierarchyResolverOption.of(
                            ClassHierarchyResolver.ofResourceParsing(type -> open(root, type))
                                    .orElse(ClassHierarchyResolver.defaultResolver())));
            for (Path file : classFiles(root)) {
                ClassModel old = classes.parse(Files.readAllBytes(file));
                if (old.majorVersion() < OLDEST_IN_A_CACHE) {
                    Files.write(file, classes.transformClass(old, version()));
                    renewed++;
                }
            }
        }
        return renewed;
    }

    private static ClassTransform version() {
        return (builder, element) -> {
            if (element instanceof ClassFileVersion) {
                builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
            } else if (element instanceof MethodModel method) {
                // built anew, element by element: code that is copied as it is gets no stack map
                builder.transformMethod(method, MethodTransform.transformingCode(CodeBuilder::with));
            } else {
                builder.with(element);
            }
        };
    }

    private static InputStream open(Path root, ClassDesc type) {
        Path file = root.resolve(
                type.descriptorString().substring(1, type.descriptorString().length() - 1) + ".class");
        try {
            return Files.exists(file) ? Files.newInputStream(file) : null;
        } catch (IOException _) {
            return null;
        }
    }

    private static List<Path> classFiles(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }
}
