package ringfence.vmm.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import ringfence.vmm.config.SmbiosConfig;

/**
 * The SMBIOS tables of a machine as they lie in its memory (DMTF DSP0134, 3.2): the 64-bit entry point, which a kernel
 * finds by looking at every 16 bytes from 0xF0000 on, and behind it the structures BIOS (0), System (1), Chassis (3, if its
 * asset tag is given), OEM Strings (11, if there are any) and the end (127). The same as Cloud Hypervisor has, with our name.
 *
 * @param address guest address of the first byte, the entry point's
 * @param bytes entry point and structures
 */
public record Smbios(long address, byte[] bytes) {
    /** Of the BIOS, and of the system if it is not said otherwise. */
    static final String PRODUCT = "ringfence";
    /** Of the system if it is not said otherwise. */
    static final String MANUFACTURER = "Ringfence";

    /** More than entry point, structures and our own names need. */
    private static final int FORMATTED = 256;

    private static final int ENTRY_POINT = 24;
    private static final int CHECKSUM_AT = 5;
    private static final int MAX_SIZE_AT = 12;

    private static final int BIOS_INFORMATION = 0;
    private static final int SYSTEM_INFORMATION = 1;
    private static final int CHASSIS = 3;
    private static final int OEM_STRINGS = 11;
    private static final int END_OF_TABLE = 127;

    /** BIOS Characteristics, bit 7. */
    private static final int PCI_IS_SUPPORTED = 0x80;
    /** BIOS Characteristics Extension Byte 2, bit 4. */
    private static final int IS_VIRTUAL_MACHINE = 0x10;
    /** Wake-up type, chassis type, and states of a chassis. */
    private static final int UNKNOWN = 2;
    /** Security status of a chassis. */
    private static final int NONE = 3;

    /** Builds them, of a configuration that has no problems. */
    public static Smbios of(SmbiosConfig config) {
        Writer writer = new Writer(MemoryMap.SMBIOS.base(), FORMATTED + config.bytes());
        writer.begin(BIOS_INFORMATION, 20).text(PRODUCT).text("0");
        writer.u16(0)
                .u8(0)
                .u8(0)
                .u64(PCI_IS_SUPPORTED)
                .u8(0)
                .u8(IS_VIRTUAL_MACHINE)
                .end();
        writer.begin(SYSTEM_INFORMATION, 27)
                .text(config.manufacturer().isEmpty() ? MANUFACTURER : config.manufacturer())
                .text(config.productName().isEmpty() ? PRODUCT : config.productName())
                .text(config.version())
                .text(config.serialNumber())
                .uuid(config.uuidDigits())
                .u8(UNKNOWN)
                .text(config.skuNumber())
                .text(config.family())
                .end();
        if (!config.chassisAssetTag().isEmpty()) {
            writer.begin(CHASSIS, 21).u8(0).u8(UNKNOWN).u8(0).u8(0).text(config.chassisAssetTag());
            writer.u8(UNKNOWN).u8(UNKNOWN).u8(UNKNOWN).u8(NONE);
            writer.u64(0).end(); // OEM-defined, height, power cords, contained elements: nothing known
        }
        if (!config.oemStrings().isEmpty()) {
            writer.begin(OEM_STRINGS, 5).u8(config.oemStrings().size());
            config.oemStrings().forEach(writer::string);
            writer.end();
        }
        writer.begin(END_OF_TABLE, 4).end();
        return new Smbios(MemoryMap.SMBIOS.base(), writer.tables());
    }

    /** Writes structures one after the other behind the entry point. */
    private static final class Writer {
        private final ByteBuffer bytes;
        private final List<String> strings = new ArrayList<>(); // of this structure
        private int handle;

        Writer(long address, int capacity) {
            bytes = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put("_SM3_".getBytes(StandardCharsets.US_ASCII));
            u8(0).u8(ENTRY_POINT).u8(3).u8(2).u8(0).u8(1).u8(0);
            bytes.putInt(0).putLong(address + ENTRY_POINT);
        }

        Writer begin(int type, int length) {
            return u8(type).u8(length).u16(++handle);
        }

        Writer u8(int value) {
            bytes.put((byte) value);
            return this;
        }

        Writer u16(int value) {
            bytes.putShort((short) value);
            return this;
        }

        Writer u64(long value) {
            bytes.putLong(value);
            return this;
        }

        /** The number of a string, from 1 on; of an empty one 0, which means none. */
        Writer text(String text) {
            if (text.isEmpty()) {
                return u8(0);
            }
            strings.add(text);
            return u8(strings.size());
        }

        /** One that no number stands for. */
        void string(String text) {
            strings.add(text);
        }

        /** 7.2.1: the first three fields little end first, the others as they are written. @param digits 32, or none */
        Writer uuid(String digits) {
            for (int at : new int[] {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}) {
                u8(digits.isEmpty() ? 0 : Integer.parseInt(digits, 2 * at, 2 * at + 2, 16));
            }
            return this;
        }

        /** The structure's string-set (6.1.3): each with its end, and an end of all; two zeroes if there is none. */
        void end() {
            for (String string : strings) {
                bytes.put(string.getBytes(StandardCharsets.UTF_8));
                u8(0);
            }
            if (strings.isEmpty()) {
                u8(0);
            }
            u8(0);
            strings.clear();
        }

        byte[] tables() {
            bytes.putInt(MAX_SIZE_AT, bytes.position() - ENTRY_POINT);
            byte[] all = new byte[bytes.position()];
            bytes.get(0, all);
            int sum = 0;
            for (int i = 0; i < ENTRY_POINT; i++) {
                sum += all[i];
            }
            all[CHECKSUM_AT] = (byte) -sum;
            return all;
        }
    }
}
