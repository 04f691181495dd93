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

    /** OperationRegion (NAME, SystemMemory, address, size): 20.2.5.2. */
    static byte[] memoryRegion(String name, long address, long size) {
        return all(bytes(0x5B, 0x80), path(name), bytes(0), integer(address), integer(size));
    }

    /**
     * Field (region, …Acc, NoLock, WriteAsZeros) { NAME, bits, … }, all of this width: 20.2.5.2.
     *
     * @param width bytes of an access and of each field: 1, 2 or 4
     */
    static byte[] fields(String region, int width, String... names) {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        for (String name : names) {
            list.writeBytes(path(name));
            list.write(8 * width); // a PkgLength of one byte
        }
        int access = Integer.numberOfTrailingZeros(width) + 1;
        return all(bytes(0x5B, 0x81), sized(all(path(region), bytes(access | 2 << 5), list.toByteArray())));
    }

    /** Mutex (NAME, 0): 20.2.5.2. */
    static byte[] mutex(String name) {
        return all(bytes(0x5B, 0x01), path(name), bytes(0));
    }

    /** Acquire (mutex, 0xFFFF), the terms, Release (mutex): 20.2.5.3 and 20.2.5.4. */
    static byte[] holding(String mutex, byte[]... terms) {
        return all(bytes(0x5B, 0x23), path(mutex), bytes(0xFF, 0xFF), all(terms), bytes(0x5B, 0x27), path(mutex));
    }

    /** Store (value, target): 20.2.5.4. */
    static byte[] store(byte[] value, byte[] target) {
        return all(bytes(0x70), value, target);
    }

    /** Notify (device, value): 20.2.5.3. */
    static byte[] notify(String device, int value) {
        return all(bytes(0x86), path(device), integer(value));
    }

    /** Notify (device, value), where the value is a term: 20.2.5.3. */
    static byte[] notify(String device, byte[] value) {
        return all(bytes(0x86), path(device), value);
    }

    /** If (And (value, bits)) { … }: 20.2.5.3 and 20.2.5.4. */
    static byte[] ifAny(byte[] value, long bits, byte[]... terms) {
        return all(bytes(0xA0), sized(all(bytes(0x7B), value, integer(bits), bytes(0), all(terms))));
    }

    /** ShiftLeft (1, count): 20.2.5.4. */
    static byte[] bit(byte[] count) {
        return all(bytes(0x79, 1), count, bytes(0));
    }

    /** What a name stands for, or a call of the method of that name: 20.2.2 and 20.2.5.4. */
    static byte[] of(String path, byte[]... arguments) {
        return all(path(path), all(arguments));
    }

    /** Argument 0 to 6 of a method: 20.2.6.1. */
    static byte[] argument(int number) {
        return bytes(0x68 + number);
    }

    /** Local variable 0 to 7 of a method: 20.2.6.2. */
    static byte[] local(int number) {
        return bytes(0x60 + number);
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
