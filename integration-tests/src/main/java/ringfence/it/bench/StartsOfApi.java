package ringfence.it.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Trees;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * How soon a VMM without a VM answers over its socket: from before exec to the first {@code vmm.ping}, beside QEMU's first
 * answer over QMP; and what a client sees who asks a cold process for a VM at once, then for a network card on a descriptor.
 */
final class StartsOfApi {
    /** Milliseconds that libvirt grants an answer. */
    private static final double MOST = 500;

    private static final String QMP = "QMP";
    private static final String LIMIT = "limit";

    private final BootOptions options;
    private final PrintStream out;
    private final Linux linux = Linux.system();
    private final Path folder;
    private final Path socket;
    private final File errors;
    private final List<String> ours;
    private final List<String> qemu;

    StartsOfApi(BootOptions options, Checkout checkout, PrintStream out) throws IOException {
        this.options = options;
        this.out = out;
        folder = Files.createTempDirectory("ringfence-bench");
        socket = folder.resolve("socket");
        errors = options.output().resolve("boot.errors").toFile();
        ours = List.of(checkout.product() + "/bin/cloud-hypervisor", "--api-socket", socket.toString());
        qemu = List.of(
                ("qemu-system-x86_64 -M microvm -accel kvm -S -nodefaults -no-user-config -display none -qmp unix:"
                                + socket + ",server=on,wait=off")
                        .split(" ", -1));
    }

    List<BootRow> run() throws IOException, InterruptedException {
        Samples first = new Samples();
        Samples create = new Samples();
        Samples addNet = new Samples();
        try {
            for (int round = -1; round < options.rounds(); round++) { // one more: it fills the page cache
                out.println("here: an API's first answers, round " + Math.max(0, round) + " of " + options.rounds());
                double ping = untilAnswered(ours, get("vmm.ping"), "\"version\"");
                double qmp = untilAnswered(qemu, "{\"execute\":\"qmp_capabilities\"}\n", "\"return\"");
                double[] cold = coldRequests();
                if (round >= 0) {
                    first.add(BootRow.OURS, ping);
                    first.add(QMP, qmp);
                    create.add(BootRow.OURS, cold[0]);
                    create.add(LIMIT, MOST);
                    addNet.add(BootRow.OURS, cold[1]);
                    addNet.add(LIMIT, MOST);
                }
            }
        } finally {
            Trees.remove(folder); // the socket's lock, too
        }
        return List.of(
                new BootRow("here: exec to first vmm.ping", "ms", first, OptionalDouble.empty()),
                new BootRow("here: vm.create, a process's first request", "ms", create, OptionalDouble.of(1)),
                new BootRow("here: vm.add-net with a descriptor, its second", "ms", addNet, OptionalDouble.of(1)));
    }

    private double untilAnswered(List<String> command, String request, String answer)
            throws IOException, InterruptedException {
        return ColdProcess.millisToAnswer(linux, command, socket, errors, bytes(request), holds(answer));
    }

    /** Milliseconds of the one and the other. */
    private double[] coldRequests() throws IOException, InterruptedException {
        try (ColdProcess process = new ColdProcess(linux, ours, socket, errors);
                Fd connection = process.connect();
                Tap tap = Tap.open(linux, "", false)) {
            String payload = "{\"payload\":{\"kernel\":\"/vmlinux\"},\"cpus\":{\"boot_vcpus\":1,\"max_vcpus\":1}}";
            long before = System.nanoTime();
            process.ask(connection, bytes(put("vm.create", payload)), holds("HTTP/1.1 204"));
            long created = System.nanoTime();
            process.ask(
                    connection,
                    bytes(put("vm.add-net", "{\"id\":\"net0\",\"mac\":\"52:54:00:12:34:56\"}")),
                    holds("HTTP/1.1 20"),
                    tap.fd());
            return new double[] {(created - before) / 1e6, (System.nanoTime() - created) / 1e6};
        } catch (ErrnoException e) {
            throw new IOException("no tap can be made for vm.add-net: start it as root; " + e.getMessage(), e);
        }
    }

    private static byte[] bytes(String request) {
        return request.getBytes(StandardCharsets.US_ASCII);
    }

    private static Predicate<byte[]> holds(String words) {
        return answer -> new String(answer, StandardCharsets.US_ASCII).contains(words);
    }

    private static String get(String endpoint) {
        return "GET /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    }

    private static String put(String endpoint, String body) {
        return "PUT /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }
}
