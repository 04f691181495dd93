package ringfence.vmm.kvm;

/**
 * One leaf of CPUID, {@code struct kvm_cpuid_entry2}.
 *
 * @param function the leaf: EAX of the instruction
 * @param index the sub-leaf: ECX; 0 where the leaf has none
 * @param flags bit 0: the sub-leaf is significant (KVM_CPUID_FLAG_SIGNIFCANT_INDEX)
 */
public record CpuidEntry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
    /** KVM_CPUID_FLAG_SIGNIFCANT_INDEX. */
    public static final int SIGNIFICANT_INDEX = 1;

    /** A leaf without sub-leaves. */
    public static CpuidEntry leaf(int function, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(function, 0, 0, eax, ebx, ecx, edx);
    }

    /** A sub-leaf. */
    public static CpuidEntry subleaf(int function, int index, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(function, index, SIGNIFICANT_INDEX, eax, ebx, ecx, edx);
    }

    /** The same leaf with other registers. */
    public CpuidEntry with(int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(function, index, flags, eax, ebx, ecx, edx);
    }
}
