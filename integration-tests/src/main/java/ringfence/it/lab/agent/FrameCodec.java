package ringfence.it.lab.agent;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Frames as bytes: a byte for the kind, the program's number, then the fields in order; big-endian. */
public final class FrameCodec {
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_WORDS = 10_000;

    private FrameCodec() {}

    /** Writes one frame and flushes it. */
    public static void write(Frame frame, DataOutputStream to) throws IOException {
        switch (frame) {
            case Frame.Start start -> {
                head(0, frame, to);
                to.writeInt(start.words().size());
                for (String word : start.words()) {
                    to.writeUTF(word);
                }
                to.writeInt(start.environment().size());
                for (Map.Entry<String, String> entry : start.environment().entrySet()) {
                    to.writeUTF(entry.getKey());
                    to.writeUTF(entry.getValue());
                }
                to.writeUTF(start.directory());
            }
            case Frame.Input input -> {
                head(1, frame, to);
                bytes(input.bytes(), to);
            }
            case Frame.EndOfInput end -> head(2, end, to);
            case Frame.Signal signal -> {
                head(3, frame, to);
                to.writeInt(signal.signal());
            }
            case Frame.Started started -> {
                head(4, frame, to);
                to.writeLong(started.pid());
            }
            case Frame.Refused refused -> {
                head(5, frame, to);
                to.writeUTF(refused.reason());
            }
            case Frame.Output output -> {
                head(6, frame, to);
                to.writeByte(output.stream());
                bytes(output.bytes(), to);
            }
            case Frame.Exited exited -> {
                head(7, frame, to);
                to.writeInt(exited.status());
            }
        }
        to.flush();
    }

    /** Reads one frame; {@link java.io.EOFException} where the stream ends. */
    public static Frame read(DataInputStream from) throws IOException {
        int kind = from.readUnsignedByte();
        int program = from.readInt();
        return switch (kind) {
            case 0 -> new Frame.Start(program, words(from), environment(from), from.readUTF());
            case 1 -> new Frame.Input(program, bytes(from));
            case 2 -> new Frame.EndOfInput(program);
            case 3 -> new Frame.Signal(program, from.readInt());
            case 4 -> new Frame.Started(program, from.readLong());
            case 5 -> new Frame.Refused(program, from.readUTF());
            case 6 -> new Frame.Output(program, from.readUnsignedByte(), bytes(from));
            case 7 -> new Frame.Exited(program, from.readInt());
            default -> throw new IOException("kind of frame: " + kind);
        };
    }

    private static void head(int kind, Frame frame, DataOutputStream to) throws IOException {
        to.writeByte(kind);
        to.writeInt(frame.program());
    }

    private static void bytes(byte[] bytes, DataOutputStream to) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private static byte[] bytes(DataInputStream from) throws IOException {
        byte[] bytes = new byte[count(from, MOST_BYTES)];
        from.readFully(bytes);
        return bytes;
    }

    private static List<String> words(DataInputStream from) throws IOException {
        int count = count(from, MOST_WORDS);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            words.add(from.readUTF());
        }
        return words;
    }

    private static Map<String, String> environment(DataInputStream from) throws IOException {
        int count = count(from, MOST_WORDS);
        Map<String, String> environment = new HashMap<>();
        for (int i = 0; i < count; i++) {
            String name = from.readUTF();
            environment.put(name, from.readUTF());
        }
        return environment;
    }

    private static int count(DataInputStream from, int most) throws IOException {
        int count = from.readInt();
        if (count < 0 || count > most) {
            throw new IOException("count in a frame: " + count + ", at most " + most);
        }
        return count;
    }
}
