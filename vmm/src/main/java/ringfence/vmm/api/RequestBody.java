package ringfence.vmm.api;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.process.Log;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;

/** The JSON of a request, as its endpoint wants it. All errors are {@link OptionException}s that name the member. */
final class RequestBody {
    private static final Log LOG = Log.of("api");
    private static final int NAMED = 20;
    private static final int NAME_LENGTH = 80;

    private RequestBody() {}

    /** The object that it is. */
    static Json.Obj object(HttpRequest request) {
        if (request.body().length == 0) {
            throw new OptionException("is missing: a JSON object is needed");
        }
        Json body = JsonReader.read(text(request.body()));
        if (!(body instanceof Json.Obj object)) {
            throw new OptionException("is " + body.kind() + ", an object is needed");
        }
        return object;
    }

    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\ufffd') < 0) { // stands for what cannot be decoded, and for itself
            return text;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new OptionException("is not UTF-8");
        }
    }

    /** The record that it stands for. Members that we do not know have no effect; the log and an event tell of them. */
    static <R> R read(OptionTable<R> table, HttpRequest request, EventSink events) {
        return read(table, request, object(request), events);
    }

    /** The same, of an object that was read already. */
    static <R> R read(OptionTable<R> table, HttpRequest request, Json.Obj object, EventSink events) {
        R record = table.read(object);
        List<String> unknown = table.unknown(object);
        if (!unknown.isEmpty()) {
            String names = names(unknown);
            LOG.warn(request.path() + ": of no effect, for they are not known: " + names);
            if (events.isOpen()) {
                events.tell(new Event.UnknownMembers(request.path(), names));
            }
        }
        return record;
    }

    /**
     * Tells, in the log and as an event, what a request asks for and does not get.
     *
     * @param lines one each, such as {@link ringfence.vmm.config.VmConfig#unheeded} has
     */
    static void unheeded(HttpRequest request, List<String> lines, EventSink events) {
        List<String> told = new ArrayList<>(lines.subList(0, Math.min(NAMED, lines.size())));
        if (lines.size() > NAMED) {
            told.add("and " + (lines.size() - NAMED) + " more");
        }
        told.forEach(line -> LOG.warn(request.path() + ": " + line));
        if (!lines.isEmpty() && events.isOpen()) {
            events.tell(new Event.Unheeded(request.path(), String.join("; ", told)));
        }
    }

    private static String names(List<String> unknown) {
        String names = unknown.stream()
                .limit(NAMED)
                .map(name -> name.length() <= NAME_LENGTH ? name : name.substring(0, NAME_LENGTH) + "...")
                .collect(Collectors.joining(", "));
        return unknown.size() <= NAMED ? names : names + " and " + (unknown.size() - NAMED) + " more";
    }

    /** Cloud Hypervisor refuses a body where none belongs. */
    static void refuse(HttpRequest request) {
        if (request.body().length > 0) {
            throw new OptionException("is not wanted: send none");
        }
    }
}
