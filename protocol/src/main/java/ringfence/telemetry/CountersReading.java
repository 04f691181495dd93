package ringfence.telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * What a file of counters held at one moment: each number is whole, but they are not all of the same instant.
 *
 * @param program who writes it
 * @param pid its process
 * @param started when it began
 * @param ended when it ended; empty: it did not, or had no time to say so
 * @param values in the order in which they were made
 */
public record CountersReading(String program, long pid, Instant started, Optional<Instant> ended, List<Value> values) {
    /**
     * One counter.
     *
     * @param type {@link CounterType#id}
     * @param index of its owner among its kind
     * @param owner its name
     * @param label {@link CounterType#label}
     */
    public record Value(int type, int index, String owner, String label, long value) {}

    /**
     * Reads a file; its writer need not run, and does not notice. What the file says is checked: its writer may be broken.
     *
     * @param option its name, for messages
     * @throws IllegalArgumentException with one line for the user
     */
    public static CountersReading of(String option, Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            if (size <= CountersLayout.HEADER || size > CountersLayout.size(CountersLayout.MAX_CAPACITY)) {
                throw none(option, file);
            }
            return read(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    option + "=" + file + ": cannot be read, name what a daemon's --counters names", e);
        } catch (IndexOutOfBoundsException | InternalError e) { // cut, or lying about its lengths
            IllegalArgumentException refused = none(option, file);
            refused.initCause(e);
            throw refused;
        }
    }

    private static IllegalArgumentException none(String option, Path file) {
        return new IllegalArgumentException(
                option + "=" + file + ": no file of counters, name what a daemon's --counters names");
    }

    private static CountersReading read(ByteBuffer file) {
        UnsafeBuffer all = new UnsafeBuffer(file);
        int capacity = all.getInt(CountersLayout.CAPACITY_AT);
        if (all.getLongVolatile(CountersLayout.MAGIC_AT) != CountersLayout.MAGIC
                || all.getInt(CountersLayout.VERSION_AT) != CountersLayout.VERSION
                || capacity < 1
                || capacity > CountersLayout.MAX_CAPACITY
                || CountersLayout.size(capacity) != file.capacity()
                || all.getInt(CountersLayout.NAME_AT) < 0
                || all.getInt(CountersLayout.NAME_AT) > CountersLayout.MAX_NAME) {
            throw new IndexOutOfBoundsException("header");
        }
        UnsafeBuffer metadata = new UnsafeBuffer(file, CountersLayout.HEADER, CountersLayout.metadata(capacity));
        UnsafeBuffer values =
                new UnsafeBuffer(file, CountersLayout.HEADER + metadata.capacity(), CountersLayout.values(capacity));
        List<Value> found = new ArrayList<>();
        for (int id = 0; id < capacity; id++) {
            int at = CountersReader.metaDataOffset(id);
            if (metadata.getIntVolatile(at) == CountersReader.RECORD_ALLOCATED) {
                found.add(value(metadata, at, values.getLongVolatile(CountersReader.counterOffset(id))));
            }
        }
        long ended = all.getLongVolatile(CountersLayout.ENDED_AT);
        return new CountersReading(
                printable(all.getStringAscii(CountersLayout.NAME_AT)),
                all.getLong(CountersLayout.PID_AT),
                Instant.ofEpochMilli(all.getLong(CountersLayout.STARTED_AT)),
                ended == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ended)),
                List.copyOf(found));
    }

    private static Value value(UnsafeBuffer metadata, int at, long value) {
        int length = metadata.getInt(at + CountersReader.LABEL_OFFSET);
        if (length < 0 || length > CountersReader.MAX_LABEL_LENGTH) {
            throw new IndexOutOfBoundsException("label");
        }
        String label = metadata.getStringWithoutLengthAscii(at + CountersReader.LABEL_OFFSET + Integer.BYTES, length);
        int space = label.indexOf(' ');
        return new Value(
                metadata.getInt(at + CountersReader.TYPE_ID_OFFSET),
                metadata.getInt(at + CountersReader.KEY_OFFSET),
                printable(label.substring(0, Math.max(space, 0))),
                printable(label.substring(space + 1)),
                value);
    }

    /** It goes to a terminal. */
    private static String printable(String text) {
        return text.replaceAll("[^!-~]", "?");
    }
}
