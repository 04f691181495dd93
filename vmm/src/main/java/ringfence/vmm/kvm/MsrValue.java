package ringfence.vmm.kvm;

/** A model-specific register and what it holds. @param index as RDMSR takes it in ECX */
public record MsrValue(int index, long value) {}
