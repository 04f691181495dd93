package ringfence.vmm.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KvmFitnessTest {
    @Test
    void processorsWithVmxOrSvmAreFit() {
        assertThat(KvmFitness.problem("model name\t: A\nflags\t\t: fpu vmx sse\n"))
                .isEmpty();
        assertThat(KvmFitness.problem("model name\t: A\nflags\t\t: fpu svm\n")).isEmpty();
    }

    @Test
    void softwareEmulationIsNamedWithWhatHelps() {
        assertThat(KvmFitness.problem("model name\t: AMD EPYC\nflags\t\t: fpu svmlike sse\n"))
                .hasValueSatisfying(line -> assertThat(line)
                        .contains("AMD EPYC", "neither vmx nor svm", "packaging/lab")
                        .doesNotContain("\n"));
    }

    @Test
    void whatIsNotKnownIsNotRefused() {
        assertThat(KvmFitness.problem("processor\t: 0\n")).isEmpty();
    }
}
