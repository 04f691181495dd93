package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.OnKvmHost;

/**
 * io_uring outlives its process; a lock file that is registered in the ring does not outlive the ring's requests. After
 * the fence is taken nothing lands any more, neither in the image nor in guest memory, although the image stays open in
 * another process. The control does not register the lock, and shows what the others prevent. The disk is made slow for
 * the process that is killed, where that can be done.
 */
class FenceProofTest {
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final String ALL = "write plain write registered read plain read registered write control";

    /** Of 4 MiB each. */
    private static final String MANY = "48";

    private static final String SOME = "12";

    /** This machine's kernel. */
    @ParameterizedTest
    @ValueSource(strings = {"write plain", "write registered", "read plain", "read registered", "write control"})
    void nothingLandsAfterTheFence(String proof) {
        try (KvmHost host = new LocalHost(Checkout.find())) {
            prove(host, MANY, proof);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT) // each L1 has one processor
    @OnKvmHost(kernel = "6.1", cpus = 1)
    void nothingLandsAfterTheFenceOnLinux61(KvmHost host) {
        prove(host, SOME, ALL);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @OnKvmHost(kernel = "6.12", cpus = 1)
    void nothingLandsAfterTheFenceOnLinux612(KvmHost host) {
        prove(host, SOME, ALL);
    }

    private static void prove(KvmHost host, String requests, String proofs) {
        String out = host.run(
                        LONG,
                        host.java(FenceProof.class, host.places().scratch(), "/dev/shm", requests)
                                .with(List.of(proofs.split(" ", -1))))
                .orThrow()
                .out();
        System.out.print(host.name() + ":\n" + out);
        assertThat(out.lines()).hasSize(proofs.split(" ", -1).length / 2).allMatch(line -> line.startsWith("fence, "));
    }
}
