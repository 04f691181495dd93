package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * What the guest boots ({@code --kernel}, {@code --cmdline}, {@code --initramfs}).
 *
 * @param kernel path of an ELF vmlinux with a PVH note, or of a bzImage; empty: none, which is a problem
 * @param initramfs path of its first root file system
 * @param cmdline the kernel's command line, perhaps empty
 */
public record PayloadConfig(String kernel, Optional<String> initramfs, String cmdline) {
    /** The longest command line, in bytes. */
    public static final int MAX_CMDLINE = 64 << 10;

    private static final OptionType<Optional<String>> PATH = OptionTypes.optional(OptionTypes.text("path"));
    private static final Option<PayloadConfig, Optional<String>> KERNEL =
            Option.of("kernel", PATH, Optional.empty(), p -> given(p.kernel), "a vmlinux (PVH) or a bzImage");
    private static final Option<PayloadConfig, Optional<String>> CMDLINE = Option.of(
            "cmdline",
            OptionTypes.optional(OptionTypes.text("text")),
            Optional.empty(),
            p -> given(p.cmdline),
            "the kernel's command line");
    private static final Option<PayloadConfig, Optional<String>> INITRAMFS = Option.of(
            "initramfs", PATH, Optional.empty(), PayloadConfig::initramfs, "the kernel's first root file system");

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** JSON and help; in flags each option is a flag of its own. */
    public static final OptionTable<PayloadConfig> TABLE = OptionTable.of(
                    "PayloadConfig",
                    v -> new PayloadConfig(
                            v.get(KERNEL).orElse(""),
                            v.get(INITRAMFS),
                            v.get(CMDLINE).orElse("")),
                    KERNEL,
                    CMDLINE,
                    INITRAMFS)
            .unsupported("firmware", "igvm", "host_data", "fw_cfg_config!");

    /** What is wrong with it. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        if (kernel.isEmpty()) {
            problems.add(new Problem("--kernel", "none is given: name one, such as --kernel /boot/vmlinuz-6.12"));
        }
        if (cmdline.length() > MAX_CMDLINE) {
            problems.add(new Problem("--cmdline", cmdline.length() + " characters, at most " + MAX_CMDLINE));
        }
        return problems;
    }
}
