package ringfence.vmm.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a guest reads of its machine in its SMBIOS tables (DMTF DSP0134). Of the texts, empty ones are not there.
 *
 * @param manufacturer of the system; empty: ours
 * @param productName of the system; empty: ours
 * @param version of the system
 * @param serialNumber of the system
 * @param uuid of the system, as 32 hexadecimal digits, with hyphens or without; empty: all zeroes, which means none
 * @param skuNumber of the system
 * @param family of the system
 * @param oemStrings texts of any meaning, such as systemd's credentials
 * @param chassisAssetTag of its chassis, which there is if it has one
 */
public record SmbiosConfig(
        String manufacturer,
        String productName,
        String version,
        String serialNumber,
        String uuid,
        String skuNumber,
        String family,
        List<String> oemStrings,
        String chassisAssetTag) {
    /** Nothing is said. */
    public static final SmbiosConfig NONE = new SmbiosConfig("", "", "", "", "", "", "", List.of(), "");

    /** The count of them is a byte. */
    private static final int MOST_OEM_STRINGS = 255;
    /** Of all texts together; the tables have 64 KiB. */
    private static final int MOST_BYTES = 60_000;

    private static final int UUID_DIGITS = 32;
    private static final int UUID_WITH_HYPHENS = 36;

    /** Copies the list. */
    public SmbiosConfig {
        oemStrings = List.copyOf(oemStrings);
    }

    /** The UUID's 32 digits, without hyphens; empty: none is given, or it is none. */
    public String uuidDigits() {
        String digits = uuid;
        if (uuid.length() == UUID_WITH_HYPHENS) {
            for (int at : new int[] {23, 18, 13, 8}) {
                if (uuid.charAt(at) != '-') {
                    return "";
                }
                digits = digits.substring(0, at) + digits.substring(at + 1);
            }
        }
        boolean valid = digits.length() == UUID_DIGITS && digits.chars().allMatch(SmbiosConfig::isHexadecimal);
        return valid ? digits : "";
    }

    private static boolean isHexadecimal(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F';
    }

    /** What is wrong with it. */
    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        check("system_manufacturer", manufacturer, problems);
        check("system_product_name", productName, problems);
        check("system_version", version, problems);
        check("system_serial_number", serialNumber, problems);
        check("system_sku_number", skuNumber, problems);
        check("system_family", family, problems);
        check("chassis_asset_tag", chassisAssetTag, problems);
        if (!uuid.isEmpty() && uuidDigits().isEmpty()) {
            problems.add(new Problem(
                    "--platform system_uuid", "is no UUID: write one as in 01234567-89ab-cdef-0123-456789abcdef"));
        }
        if (oemStrings.size() > MOST_OEM_STRINGS) {
            problems.add(new Problem(
                    "--platform oem_strings", "are " + oemStrings.size() + ": give " + MOST_OEM_STRINGS + " at most"));
        }
        for (String text : oemStrings) {
            check("oem_strings", text, problems);
            if (text.isEmpty()) {
                problems.add(new Problem("--platform oem_strings", "has an empty one: leave it out"));
            }
        }
        int bytes = bytes();
        if (bytes > MOST_BYTES) {
            problems.add(new Problem(
                    "--platform", "has texts of " + bytes + " bytes: give " + MOST_BYTES + " at most, all together"));
        }
        return problems;
    }

    private static void check(String key, String text, List<Problem> problems) {
        if (text.indexOf('\0') >= 0) {
            problems.add(new Problem("--platform " + key, "has a zero byte, which would end it: leave that out"));
        }
    }

    /** Bytes of all texts but the UUID, each with its end. */
    public int bytes() {
        int bytes = 0;
        for (String text :
                List.of(manufacturer, productName, version, serialNumber, skuNumber, family, chassisAssetTag)) {
            bytes += text.getBytes(StandardCharsets.UTF_8).length + 1;
        }
        for (String text : oemStrings) {
            bytes += text.getBytes(StandardCharsets.UTF_8).length + 1;
        }
        return bytes;
    }
}
