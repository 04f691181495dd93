package ringfence.sandbox;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import ringfence.linux.Capability;
import ringfence.linux.Fd;
import ringfence.linux.FilterStep;
import ringfence.linux.Linux;
import ringfence.linux.Namespace;

/**
 * What a process of ours is confined to before its first instruction.
 *
 * @param namespaces what it has for itself; where we have not the privilege, it shares ours
 * @param privileges what it keeps of root's; a user's process has none anyway
 * @param filter the system calls; empty: all
 * @param files the files that it may reach; empty, and where the kernel's Landlock is older than
 *     {@value FileRules#LEAST_ABI}: those that its user may
 * @param user the number of its user and of its group; empty: ours
 */
public record Box(
        Set<Namespace> namespaces,
        Set<Capability> privileges,
        Optional<SyscallFilter> filter,
        Optional<FileRules> files,
        OptionalInt user) {
    /** Copies the sets. */
    public Box {
        namespaces = Set.copyOf(namespaces);
        privileges = Set.copyOf(privileges);
    }

    /** One of our user's. */
    public Box(
            Set<Namespace> namespaces,
            Set<Capability> privileges,
            Optional<SyscallFilter> filter,
            Optional<FileRules> files) {
        this(namespaces, privileges, filter, files, OptionalInt.empty());
    }

    /** One that takes privileges only. */
    public static Box ofPrivileges(Set<Capability> privileges) {
        return new Box(Set.of(), privileges, Optional.empty(), Optional.empty());
    }

    /** The filter's program; empty: there is none. */
    List<FilterStep> steps() {
        return filter.map(SyscallFilter::steps).orElse(List.of());
    }

    /** The same, with one more thing that may be done with files, if it is confined to some. */
    public Box with(PathRule rule) {
        return new Box(namespaces, privileges, filter, files.map(rules -> rules.with(rule)), user);
    }

    /** The same for another user, which takes root. @param number 1 to 2^31 - 1 */
    public Box as(int number) {
        return new Box(namespaces, privileges, filter, files, OptionalInt.of(number));
    }

    /**
     * A tree of its files alone, for the calling thread to enter, if it is to have mounts of its own; the thread has them. The
     * caller owns it.
     */
    Optional<OwnRoot> root(Linux linux) {
        return namespaces.contains(Namespace.MOUNT)
                ? files.flatMap(rules -> OwnRoot.make(linux, rules.home(), rules.places()))
                : Optional.empty();
    }

    /** Rules that the kernel knows, made now; the caller owns them. */
    Optional<Fd> rules(Linux linux) {
        int abi = files.isPresent() ? linux.confinement().landlockAbi() : 0;
        return abi < FileRules.LEAST_ABI
                ? Optional.empty()
                : Optional.of(files.get().ruleset(linux, abi));
    }
}
