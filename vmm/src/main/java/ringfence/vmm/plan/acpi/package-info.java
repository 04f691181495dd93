/**
 * The ACPI tables of a machine (ACPI 6.5): pure functions of an {@link ringfence.vmm.plan.acpi.AcpiPlan}.
 *
 * <h2>Theory of operation</h2>
 * The machine is hardware-reduced: no 8259, no PM timer, no SCI; power off and reset go through one sleep control port.
 * {@link ringfence.vmm.plan.acpi.AcpiTables} lays the tables one after the other, RSDP first, and links them by their
 * addresses. A table is a class: {@code Fadt}, {@code Madt}, {@code Mcfg}, {@code Dsdt}; {@link
 * ringfence.vmm.plan.acpi.Aml} writes the byte code of the DSDT, one method a construct of the language, bytes in, bytes
 * out. A test has every table disassembled and compiled again by {@code iasl}.
 */
package ringfence.vmm.plan.acpi;
