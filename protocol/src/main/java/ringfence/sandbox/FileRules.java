package ringfence.sandbox;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.FileRight;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/**
 * All that a program of ours may reach by name (Landlock): what its launcher and its Java runtime need, and what is listed
 * here. What it is given as open descriptors it may use anyway. With these rules it also may not mount, not look into a
 * process outside the box by /proc or ptrace(2), and, where the kernel is new enough, not use TCP (6.7) nor send signals
 * and abstract sockets out of the box (6.12).
 *
 * @param home the installed tree, which holds the runtime
 * @param program the launcher
 * @param rules what this program needs beside; what is not there is left out, and the program says so itself
 */
public record FileRules(Path home, Path program, List<PathRule> rules) {
    /** Linux 5.19: the first version in which something may be renamed from one directory to another at all. */
    public static final int LEAST_ABI = 2;

    /** The loader, as programs of x86-64 name it: where the libraries are, it may be a link. */
    private static final String LOADER = "/lib64/ld-linux-x86-64.so.2";

    /** To which a program under systemd sends what it has to say. */
    private static final String JOURNAL = "/run/systemd/journal/socket";

    /** Copies the list. */
    public FileRules {
        rules = List.copyOf(rules);
    }

    FileRules with(PathRule rule) {
        List<PathRule> more = new ArrayList<>(rules);
        more.add(rule);
        return new FileRules(home, program, more);
    }

    /**
     * The rules as the kernel takes them; the caller owns them.
     *
     * @param abi the kernel's, at least {@link #LEAST_ABI}
     */
    Fd ruleset(Linux linux, int abi) {
        Fd ruleset = linux.confinement().ruleset(abi);
        try {
            for (PathRule rule : all()) {
                allow(linux, ruleset, rule, abi);
            }
            return ruleset;
        } catch (RuntimeException e) {
            ruleset.close();
            throw e;
        }
    }

    /** All that there is for it, in a tree of files of its own: what is allowed, and the names by which that is found. */
    List<PathRule> places() {
        List<PathRule> all = all();
        all.add(PathRule.of(LOADER));
        all.add(PathRule.of(JOURNAL));
        return all;
    }

    private List<PathRule> all() {
        List<PathRule> all = new ArrayList<>(runtime());
        all.addAll(SystemLibraries.rules());
        all.addAll(rules);
        return all;
    }

    private void allow(Linux linux, Fd ruleset, PathRule rule, int abi) {
        if (rule.rights().isEmpty()) {
            return;
        }
        Fd opened;
        try {
            opened = linux.files().open(rule.path(), OpenFlag.PATH);
        } catch (ErrnoException _) {
            return; // not there, or not for us
        }
        try (Fd path = opened) {
            linux.confinement().allow(ruleset, path, rule.rights(), abi);
        }
    }

    /**
     * The launcher, the shell that reads it, java, and what java looks at as it starts. Distributions have java.security
     * elsewhere, behind a symbolic link.
     */
    private List<PathRule> runtime() {
        Path runtime = home.resolve("lib/runtime");
        return List.of(
                PathRule.of(home.resolve("lib").toString(), FileRight.READ_FILE, FileRight.READ_DIR),
                PathRule.of(runtime.resolve("bin/java").toString(), FileRight.EXECUTE),
                PathRule.of(runtime.resolve("conf/security/java.security").toString(), FileRight.READ_FILE),
                PathRule.of(program.toString(), FileRight.READ_FILE, FileRight.EXECUTE),
                PathRule.of("/bin/sh", FileRight.READ_FILE, FileRight.EXECUTE),
                PathRule.of("/proc", FileRight.READ_FILE, FileRight.READ_DIR),
                PathRule.of("/sys/devices/system/cpu", FileRight.READ_FILE),
                PathRule.of("/sys/kernel/mm/transparent_hugepage", FileRight.READ_FILE),
                PathRule.of("/dev/null", FileRight.READ_FILE, FileRight.WRITE_FILE),
                PathRule.of("/dev/random", FileRight.READ_FILE),
                PathRule.of("/dev/urandom", FileRight.READ_FILE));
    }
}
