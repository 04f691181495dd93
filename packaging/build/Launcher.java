import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The shell script in {@code bin/} that becomes java: no process stays between, and none is forked on the way unless the
 * launcher was reached through a symbolic link.
 */
final class Launcher {
    private Launcher() {}

    /**
     * What every program's JVM gets beside the flags of its own table.
     *
     * <p>{@code -Xlog:disable -Xlog:all=error:stderr}: a stale AOT cache is otherwise reported on stdout, which is the
     * guest's console or a client's JSON. {@code -XX:-UsePerfData}: no file in /tmp.
     * {@code -XX:+DisableAttachMechanism}: nobody, not even of the same user, loads code or reads the heap through the JVM's own
     * door; without performance data alone jcmd still gets in.
     */
    static List<String> common(String home) {
        return List.of(
                "-Xlog:disable",
                "-Xlog:all=error:stderr",
                "-XX:-UsePerfData",
                "-XX:+DisableAttachMechanism",
                "--enable-native-access=ringfence.protocol,org.newsclub.net.unix",
                "--add-exports=java.base/jdk.internal.misc=org.agrona",
                "-Dringfence.home=" + home,
                "-Dorg.newsclub.net.unix.library.override=" + home + "/lib/libjunixsocket-native.so");
    }

    /**
     * Writes the launcher of a program, and the name under which it finds java: what {@code ps} and {@code top} show, and a
     * program that is confined cannot change.
     */
    static void write(Path tree, Program program) throws IOException {
        List<String> words = new ArrayList<>();
        words.add("$cache");
        words.addAll(program.flags());
        words.addAll(common("$home"));
        words.addAll(program.start(program.main(), tree, "$home"));
        String command = words.stream()
                .map(word -> word.contains("$") ? '"' + word + '"' : word)
                .collect(Collectors.joining(" \\\n  "));
        String verbs = program.verbs().entrySet().stream()
                .map(verb -> "if [ \"$1\" = " + verb.getKey() + " ]; then exec \"$home/bin/" + verb.getValue()
                        + "\" \"$@\"; fi\n")
                .collect(Collectors.joining());
        String script = """
            #!/bin/sh
            # Ringfence: starts %s. Written by the build from packaging/flags.%s.
            # What the caller's environment says to other JVMs is not for this one: it would print on stdout.
            unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS JDK_AOT_VM_OPTIONS CLASSPATH
            self=$0
            if [ -h "$self" ]; then self=$(readlink -f -- "$self"); fi
            case $self in
              /*) ;;
              *) self=$PWD/$self ;;
            esac
            bin=${self%%/*}
            bin=${bin%%/.}
            home=${bin%%/*}
            %scache=-XX:AOTCache=$home/lib/cache/%s.aot
            if [ ! -e "${cache#*=}" ]; then cache=-Xshare:auto; fi
            exec "$home/lib/runtime/bin/%s" \\
              %s \\
              "$@"
            """.formatted(program.name(), program.name(), verbs, program.name(), program.name(), command);
        Path file = tree.resolve("bin").resolve(program.name());
        Files.writeString(file, script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path java = tree.resolve("lib/runtime/bin").resolve(program.name());
        if (!Files.isSymbolicLink(java)) {
            Files.createSymbolicLink(java, Path.of("java"));
        }
    }
}
