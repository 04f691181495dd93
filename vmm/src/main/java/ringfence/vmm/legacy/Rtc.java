package ringfence.vmm.legacy;

import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * The clock and its RAM (MC146818), ports 0x70 (index) and 0x71 (data): UTC, 24 hours, BCD. It keeps no time of its own
 * and raises no interrupt; a guest's write to a time register is lost, as the time is the host's. The size of memory is
 * where firmware looks for it. All other bytes are plain RAM.
 *
 * <p>Any thread; an access takes the monitor for a few instructions.
 */
public final class Rtc implements BusDevice {
    /** Index port. */
    public static final int PORT = 0x70;
    /** Ports that it takes. */
    public static final int SIZE = 2;

    private static final int SECONDS = 0;
    private static final int MINUTES = 2;
    private static final int HOURS = 4;
    private static final int DAY_OF_WEEK = 6;
    private static final int DAY = 7;
    private static final int MONTH = 8;
    private static final int YEAR = 9;
    private static final int STATUS_A = 0xA;
    private static final int STATUS_B = 0xB;
    private static final int STATUS_C = 0xC;
    private static final int STATUS_D = 0xD;
    private static final int CENTURY = 0x32;
    private static final int ABOVE_16_MIB = 0x34;
    private static final int ABOVE_4_GIB = 0x5B;
    private static final int INDEX_MASK = 0x7F; // bit 7 masks the NMI
    private static final int DIVIDER_32768_HZ = 0x26;
    private static final int HOURS_24 = 2;
    private static final int VALID = 0x80;
    private static final long MIB_16 = 16L << 20;
    private static final int UNIT_SHIFT = 16; // memory is counted in 64 KiB

    private final InstantSource clock;
    private final byte[] ram = new byte[INDEX_MASK + 1];
    private int index;

    /**
     * A clock.
     *
     * @param below4Gib bytes of RAM below 4 GiB
     * @param above4Gib bytes of RAM above
     */
    public Rtc(InstantSource clock, long below4Gib, long above4Gib) {
        this.clock = clock;
        long above16Mib = Math.min(0xFFFF, Math.max(0, below4Gib - MIB_16) >> UNIT_SHIFT);
        ram[ABOVE_16_MIB] = (byte) above16Mib;
        ram[ABOVE_16_MIB + 1] = (byte) (above16Mib >> 8);
        long high = Math.min(0xFF_FFFF, above4Gib >> UNIT_SHIFT);
        for (int i = 0; i < 3; i++) {
            ram[ABOVE_4_GIB + i] = (byte) (high >> 8 * i);
        }
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        if (width != 1 || offset == 0) {
            return into.rejected(width); // the index is write-only
        }
        return into.done(register());
    }

    @Override
    public synchronized Access write(long offset, int width, long value) {
        if (width != 1) {
            return Rejected.REJECTED;
        }
        if (offset == 0) {
            index = (int) value & INDEX_MASK;
        } else if (index > STATUS_D && index != CENTURY) {
            ram[index] = (byte) value;
        }
        return Done.DONE;
    }

    private synchronized int register() {
        ZonedDateTime now = clock.instant().atZone(ZoneOffset.UTC);
        return switch (index) {
            case SECONDS -> bcd(now.getSecond());
            case MINUTES -> bcd(now.getMinute());
            case HOURS -> bcd(now.getHour());
            case DAY_OF_WEEK -> now.getDayOfWeek().getValue() % 7 + 1; // Sunday is 1
            case DAY -> bcd(now.getDayOfMonth());
            case MONTH -> bcd(now.getMonthValue());
            case YEAR -> bcd(now.getYear() % 100);
            case CENTURY -> bcd(now.getYear() / 100);
            case STATUS_A -> DIVIDER_32768_HZ; // no update is ever in progress
            case STATUS_B -> HOURS_24;
            case STATUS_C -> 0;
            case STATUS_D -> VALID;
            default -> ram[index] & 0xFF;
        };
    }

    private static int bcd(int value) {
        return value / 10 << 4 | value % 10;
    }
}
