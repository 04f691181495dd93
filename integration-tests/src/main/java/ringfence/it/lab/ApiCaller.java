package ringfence.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;

/**
 * A program that calls a VMM's API on the host where that runs, for a test elsewhere: {@link #main} reads a call a line, and
 * answers each with a line; an object of this class is its other end. For one thread.
 */
public final class ApiCaller implements AutoCloseable {
    private static final String ANSWER = "^answer (\\d+) (.*)$";
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
            VmmApi.Answer answer = words[0].equals("GET") ? api.get(words[1]) : api.put(words[1], words[2]);
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

    private VmmApi.Answer ask(String line) {
        program.feed(line + "\n");
        MatchResult found = program.out().await(seen, ANSWER, SECONDS_ON_HARDWARE.multipliedBy(host.slowness()));
        seen = found.end();
        return new VmmApi.Answer(
                Integer.parseInt(found.group(1)), found.group(2).strip());
    }

    @Override
    public void close() {
        program.close();
    }
}
