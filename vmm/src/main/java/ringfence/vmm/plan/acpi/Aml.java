package ringfence.vmm.plan.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** ACPI machine language, the constructs that we need (ACPI 6.5, chapter 20): a method returns the bytes of a term. */
final class Aml {
    private static final int MAX_ONE_BYTE_LENGTH = 63;

    private Aml() {}

    /** All of them, one after the other. */
    static byte[] all(byte[]... terms) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] term : terms) {
            bytes.writeBytes(term);
        }
        return bytes.toByteArray();
    }

    /** Scope (path) { … }: 20.2.5.1. */
    static byte[] scope(String path, byte[]... terms) {
        return all(bytes(0x10), sized(all(path(path), all(terms))));
    }

    /** Device (NAME) { … }: 20.2.5.2. */
    static byte[] device(String name, byte[]... terms) {
        return all(bytes(0x5B, 0x82), sized(all(path(name), all(terms))));
    }

    /** Name (NAME, value): 20.2.5.1. */
    static byte[] name(String name, byte[] value) {
        return all(bytes(0x08), path(name), value);
    }

    /** Method (NAME, arguments, Serialized) { … }: 20.2.5.2. */
    static byte[] method(String name, int arguments, byte[]... terms) {
        return all(bytes(0x14), sized(all(path(name), bytes(arguments | 1 << 3), all(terms))));
    }

    /** Package () { … }: 20.2.5.4. */
    static byte[] pack(byte[]... elements) {
        return all(bytes(0x12), sized(all(bytes(elements.length), all(elements))));
    }

    /** Buffer () { … }: 20.2.5.4. */
    static byte[] buffer(byte[] content) {
        return all(bytes(0x11), sized(all(integer(content.length), content)));
    }

    /** A string: 20.2.3. */
    static byte[] string(String text) {
        return all(bytes(0x0D), text.getBytes(StandardCharsets.US_ASCII), bytes(0));
    }

    /** An unsigned integer in its shortest form: 20.2.3. */
    static byte[] integer(long value) {
        if (value == 0 || value == 1) {
            return bytes((int) value);
        }
        if (value > 0 && value <= 0xFF) {
            return all(bytes(0x0A), little(value, 1));
        }
        if (value > 0 && value <= 0xFFFF) {
            return all(bytes(0x0B), little(value, 2));
        }
        if (value > 0 && value <= 0xFFFF_FFFFL) {
            return all(bytes(0x0C), little(value, 4));
        }
        return all(bytes(0x0E), little(value, 8));
    }

    /** A device id such as PNP0501, packed as EISA has it: 19.3.4. */
    static byte[] eisaId(String id) {
        int vendor =
                (id.charAt(0) - 0x40 & 0x1F) << 10 | (id.charAt(1) - 0x40 & 0x1F) << 5 | id.charAt(2) - 0x40 & 0x1F;
        int product = Integer.parseInt(id.substring(3), 16);
        return all(bytes(0x0C, vendor >> 8, vendor, product >> 8, product));
    }

    /** Bytes, as they stand. */
    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** The lowest {@code width} bytes, the lowest first. */
    static byte[] little(long value, int width) {
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            bytes[i] = (byte) (value >> 8 * i);
        }
        return bytes;
    }

    /** NameString: 20.2.2. Segments of four characters, separated by dots, after an optional backslash. */
    private static byte[] path(String path) {
        boolean root = path.startsWith("\\");
        String[] segments = path.substring(root ? 1 : 0).split("\\.", -1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (root) {
            bytes.write('\\');
        }
        if (segments.length == 2) {
            bytes.write(0x2E);
        } else if (segments.length > 2) {
            bytes.write(0x2F);
            bytes.write(segments.length);
        }
        for (String segment : segments) {
            bytes.writeBytes((segment + "____").substring(0, 4).getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    /** PkgLength, which counts itself, and the content: 20.2.4. */
    private static byte[] sized(byte[] content) {
        int extra = 0; // bytes after the first one
        long length = content.length + 1L;
        while (length > (extra == 0 ? MAX_ONE_BYTE_LENGTH : (1L << 4 + 8 * extra) - 1)) {
            extra++;
            length = content.length + 1L + extra;
        }
        if (extra == 0) {
            return all(bytes((int) length), content);
        }
        return all(bytes(extra << 6 | (int) length & 0xF), little(length >> 4, extra), content);
    }
}
