package ringfence.it.fault;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ringfence.blk.cli.BlkMain;

/** How a block daemon is started: from the built tree, with its AOT cache, or from our own class path. */
public final class DaemonCommand {
    private DaemonCommand() {}

    /** The program's path and leading arguments. */
    public static List<String> program() {
        for (String root : List.of(".", "..")) {
            Path built = Path.of(root, "packaging/target/ringfence/bin/vhost-user-blk");
            if (Files.isExecutable(built)) {
                return List.of(built.toAbsolutePath().normalize().toString());
            }
        }
        List<String> command = java(BlkMain.class);
        command.add("--seccomp=none"); // its classes are files, which it opens as it needs them
        return command;
    }

    /** A main class of our own class path, in a JVM like ours. */
    public static List<String> java(Class<?> main, String... flags) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"));
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }
}
