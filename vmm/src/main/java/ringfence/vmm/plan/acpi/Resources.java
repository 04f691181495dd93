package ringfence.vmm.plan.acpi;

/** Resource descriptors (ACPI 6.5, 6.4), for a {@code _CRS}. */
final class Resources {
    private static final int MEMORY = 0;
    private static final int IO = 1;
    private static final int BUS = 2;
    /** Minimum and maximum are fixed; positive decoding; produced for the devices below. */
    private static final int FIXED = 0x0C;
    /** By the device itself, not produced for others. */
    private static final int CONSUMED = 0x01;

    private Resources() {}

    /** ResourceTemplate () { … }. */
    static byte[] template(byte[]... descriptors) {
        return Aml.buffer(Aml.all(Aml.all(descriptors), Aml.bytes(0x79, 0)));
    }

    /** IO (Decode16, port, port, 1, length). */
    static byte[] io(int port, int length) {
        return Aml.all(Aml.bytes(0x47, 1), Aml.little(port, 2), Aml.little(port, 2), Aml.bytes(1, length));
    }

    /** Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { gsi }. */
    static byte[] edgeInterrupt(int gsi) {
        return Aml.all(Aml.bytes(0x89, 6, 0, 0x03, 1), Aml.little(gsi, 4));
    }

    /** Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { gsi }. */
    static byte[] levelInterrupt(int gsi) {
        return Aml.all(Aml.bytes(0x89, 6, 0, 0x01, 1), Aml.little(gsi, 4));
    }

    /** Memory32Fixed (ReadWrite, base, length). */
    static byte[] memory32(long base, long length) {
        return Aml.all(Aml.bytes(0x86, 9, 0, 1), Aml.little(base, 4), Aml.little(length, 4));
    }

    /** WordBusNumber for buses {@code first} to {@code last}. */
    static byte[] buses(int first, int last) {
        return addressSpace(0x88, 2, BUS, FIXED, 0, first, last);
    }

    /** WordIO for ports {@code first} to {@code last}: the entire range, both ISA and not. */
    static byte[] ports(int first, int last) {
        return addressSpace(0x88, 2, IO, FIXED, 3, first, last);
    }

    /** DWordMemory, not cacheable, writable. */
    static byte[] memoryWindow32(AcpiPlan.Window window) {
        return addressSpace(0x87, 4, MEMORY, FIXED, 1, window.base(), window.last());
    }

    /** QWordMemory, not cacheable, writable. */
    static byte[] memoryWindow64(AcpiPlan.Window window) {
        return addressSpace(0x8A, 8, MEMORY, FIXED, 1, window.base(), window.last());
    }

    /** QWordMemory that is the device's own, not cacheable, writable. */
    static byte[] memory64(AcpiPlan.Window window) {
        return addressSpace(0x8A, 8, MEMORY, FIXED | CONSUMED, 1, window.base(), window.last());
    }

    /** 6.4.3.5: granularity, minimum, maximum, translation, length, each of this width. */
    private static byte[] addressSpace(int tag, int width, int type, int flags, int typeFlags, long first, long last) {
        return Aml.all(
                Aml.bytes(tag),
                Aml.little(3 + 5 * width, 2),
                Aml.bytes(type, flags, typeFlags),
                Aml.little(0, width),
                Aml.little(first, width),
                Aml.little(last, width),
                Aml.little(0, width),
                Aml.little(last - first + 1, width));
    }
}
