package ringfence.it.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who takes part. Each has a command line for a disk and a socket. */
enum Contender {
    /** Our daemon. */
    RINGFENCE("ringfence"),
    /** QEMU's, with io_uring. */
    QEMU_URING("qsd io_uring"),
    /** QEMU's, with its thread pool. */
    QEMU_THREADS("qsd threads"),
    /** The front-end's ceiling. */
    NULL("null");

    private final String label;

    Contender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /** Its command line. */
    List<String> command(List<String> ours, Path image, Path socket, int queues, boolean direct) {
        List<String> command = new ArrayList<>();
        switch (this) {
            case RINGFENCE -> {
                command.addAll(ours);
                command.addAll(List.of(
                        "--socket-path=" + socket,
                        "--blk-file=" + image,
                        "--num-queues=" + queues,
                        "--queue-size=512"));
                if (direct) {
                    command.add("--direct");
                }
            }
            case QEMU_URING, QEMU_THREADS -> {
                boolean uring = this == QEMU_URING;
                command.addAll(List.of(
                        "qemu-storage-daemon",
                        "--blockdev",
                        // no lock: all contenders have the same file open
                        "driver=file,node-name=f0,locking=off,filename=" + image + ",aio="
                                + (uring ? "io_uring" : "threads") + ",cache.direct=" + (direct ? "on" : "off"),
                        "--export",
                        "type=vhost-user-blk,id=e0,node-name=f0,addr.type=unix,addr.path=" + socket
                                + ",writable=on,num-queues=" + queues));
            }
            case NULL ->
                command.addAll(List.of(
                        System.getProperty("java.home") + "/bin/java",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                        "--limit-modules=java.base",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NullBackend.class.getName(),
                        socket.toString(),
                        Integer.toString(queues)));
        }
        return command;
    }
}
