package ringfence.vmm.cpu;

/** A vCPU cannot go on. Each has a line that says what happened, for the log and the user. */
public sealed interface CpuFault {
    /** One line: what happened, with the numbers. */
    String describe();

    /** The guest's processor shut down: a fault while it delivered a double fault. */
    record TripleFault(int cpu, long rip) implements CpuFault {
        @Override
        public String describe() {
            return "triple fault on vCPU %d, rip 0x%x".formatted(cpu, rip);
        }
    }

    /**
     * KVM gave up.
     *
     * @param suberror 1: an instruction that it cannot emulate; 2: simultaneous exceptions; 3: event delivery; 4:
     *     unexpected exit of the processor
     * @param details KVM's words, in hexadecimal; their meaning belongs to the suberror
     */
    record InternalError(int cpu, int suberror, String details, long rip) implements CpuFault {
        @Override
        public String describe() {
            String what = switch (suberror) {
                case 1 -> "cannot emulate an instruction";
                case 2 -> "simultaneous exceptions";
                case 3 -> "an exit while an event was delivered";
                case 4 -> "an unexpected exit reason";
                default -> "internal error " + suberror;
            };
            return "KVM gave up on vCPU %d: %s, rip 0x%x, details %s".formatted(cpu, what, rip, details);
        }
    }

    /** The host's processor refused to enter the guest: its state is not legal, or KVM or the processor has a bug. */
    record FailEntry(int cpu, long hardwareReason, int hostCpu) implements CpuFault {
        @Override
        public String describe() {
            return "the processor refused to enter vCPU %d: hardware reason 0x%x on host processor %d"
                    .formatted(cpu, hardwareReason, hostCpu);
        }
    }

    /** The guest touched memory that is mapped, and not there. */
    record MemoryGone(int cpu) implements CpuFault {
        @Override
        public String describe() {
            return "vCPU %d touched memory that is not there any more".formatted(cpu);
        }
    }

    /** KVM_RUN failed, came back for a reason that nobody asked for, or our own code failed. */
    record Broken(int cpu, String what) implements CpuFault {
        @Override
        public String describe() {
            return "vCPU %d is broken: %s".formatted(cpu, what);
        }
    }
}
