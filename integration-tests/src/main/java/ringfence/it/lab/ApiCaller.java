package ringfence.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * A program that calls a VMM's API on the host where that runs, for a test elsewhere: {@link #main} reads a call a line, and
 * answers each with a line; an object of this class is its other end. For one thread.
 */
public final class ApiCaller implements AutoCloseable {
    private static final String ANSWER = "^answer (\\d+) (.*)$";
    private static final String ADD_NET = "ADD-NET";
    private static final int MOST = 1 << 16;
    private static final Duration SECONDS_ON_HARDWARE = Duration.ofSeconds(5);

    private final KvmHost host;
    private final Program program;
    private int seen;

    /** Starts it for the socket of a VMM. */
    public ApiCaller(KvmHost host, String socket) {
        this.host = host;
        program = host.start(host.java(ApiCaller.class, socket));
    }

    /** Argument: the VMM's socket. Lines: method, endpoint, JSON or nothing. */
    public static void main(String[] arguments) throws IOException {
        VmmApi api = new VmmApi(Path.of(arguments[0]));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", 3);
            VmmApi.Answer answer = switch (words[0]) {
                case "GET" -> api.get(words[1]);
                case ADD_NET -> addNet(Path.of(arguments[0]), words[2]);
                default -> api.put(words[1], words[2]);
            };
            System.out.println("answer " + answer.status() + " " + answer.body().replace('\n', ' '));
        }
    }

    /** GET. */
    public VmmApi.Answer get(String endpoint) {
        return ask("GET " + endpoint + " ");
    }

    /** PUT of JSON, in one line, or of nothing. */
    public VmmApi.Answer put(String endpoint, String json) {
        return ask("PUT " + endpoint + " " + json);
    }

    /** PUT of a network device, in one line of JSON, with a new tap whose descriptor goes along; the caller keeps none. */
    public VmmApi.Answer addNet(String json) {
        return ask(ADD_NET + " tap " + json);
    }

    private static VmmApi.Answer addNet(Path socket, String json) throws IOException {
        Linux linux = Linux.system();
        byte[] request = ("PUT /api/v1/vm.add-net HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                        + json.length() + "\r\n\r\n" + json)
                .getBytes(StandardCharsets.US_ASCII);
        try (Tap tap = Tap.open(linux, "", false);
                Fd api = linux.sockets().connect(socket.toString());
                Arena arena = Arena.ofConfined()) {
            linux.sockets().send(api, arena.allocateFrom(ValueLayout.JAVA_BYTE, request), tap.fd());
            MemorySegment answer = arena.allocate(MOST);
            int length = 0;
            long more;
            while ((more = linux.sockets().receive(api, answer.asSlice(length)).bytes()) > 0) {
                length += (int) more;
            }
            return VmmApi.parse(
                    new String(answer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
        }
    }

    private VmmApi.Answer ask(String line) {
        program.feed(line + "\n");
        MatchResult found;
        try {
            found = program.out().await(seen, ANSWER, SECONDS_ON_HARDWARE.multipliedBy(host.slowness()));
        } catch (LabException e) {
            e.addSuppressed(
                    new LabException("its standard error: " + program.err().text()));
            throw e;
        }
        seen = found.end();
        return new VmmApi.Answer(
                Integer.parseInt(found.group(1)), found.group(2).strip());
    }

    @Override
    public void close() {
        program.close();
    }
}
