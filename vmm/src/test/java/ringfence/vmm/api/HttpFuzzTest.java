package ringfence.vmm.api;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.option.OptionException;

/**
 * Fuzz target: any bytes on a connection of the API's, once in one piece and once in pieces of the length that the first
 * byte says. Both are the same requests, and the same refusal behind them, if any: a length that two readers understand
 * in two ways smuggles a request. A body is an object of JSON, or refused with a line.
 */
class HttpFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int MOST = 200; // of more, each run takes longer and none shows more

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyBytes(byte[] data) {
        EXECUTIONS.run(data, this::bytes);
    }

    private void bytes(byte[] data) {
        if (data.length < 2) {
            return;
        }
        byte[] bytes = Arrays.copyOfRange(data, 1, Math.min(data.length, MOST));
        List<String> whole = read(bytes, bytes.length);
        List<String> parts = read(bytes, (data[0] & 0xff) + 1);
        same(whole.equals(parts), whole + " in one piece, in more " + parts);
    }

    /** What a connection gets out of these bytes: its requests, then the status that ends it, or what it waits for. */
    private static List<String> read(byte[] bytes, int piece) {
        HttpReader reader = new HttpReader();
        List<String> seen = new ArrayList<>();
        int taken = 0;
        try {
            for (int at = 0; at < bytes.length; at += piece) {
                byte[] next = Arrays.copyOfRange(bytes, at, Math.min(at + piece, bytes.length));
                reader.append(next, next.length);
                for (Optional<HttpRequest> one = reader.next(); one.isPresent(); one = reader.next()) {
                    seen.add(told(one.get()));
                    taken += one.get().body().length;
                }
            }
            seen.add("waits " + reader.inRequest() + reader.inBody());
        } catch (HttpError e) {
            same(e.status() >= 400 && e.status() < 500, "status " + e.status());
            seen.add("refused " + e.status());
        }
        same(taken <= bytes.length, "bodies of " + taken + " bytes");
        return seen;
    }

    private static String told(HttpRequest request) {
        String body;
        try {
            body = RequestBody.object(request).toString();
        } catch (OptionException e) {
            same(e.getMessage().indexOf('\n') < 0, "a line: " + e.getMessage());
            body = e.getMessage();
        }
        return request.method()
                + ' '
                + request.path()
                + ' '
                + request.keepAlive()
                + ' '
                + HexFormat.of().formatHex(request.body())
                + ' '
                + body;
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
