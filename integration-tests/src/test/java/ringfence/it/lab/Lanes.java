package ringfence.it.lab;

import java.util.concurrent.ForkJoinPool;
import java.util.function.Predicate;
import org.junit.platform.engine.ConfigurationParameters;
import org.junit.platform.engine.support.hierarchical.ParallelExecutionConfiguration;
import org.junit.platform.engine.support.hierarchical.ParallelExecutionConfigurationStrategy;

/**
 * How many tests run at a time: two, each with or without an L1 of its own, for a machine with two processors. Of those
 * without, which share this machine, never two; nor any where guests run on this machine itself.
 */
public final class Lanes implements ParallelExecutionConfigurationStrategy {
    @Override
    public ParallelExecutionConfiguration createConfiguration(ConfigurationParameters parameters) {
        return new Fixed(KvmHosts.isLocal() ? 1 : 2);
    }

    private record Fixed(int lanes) implements ParallelExecutionConfiguration {
        @Override
        public int getParallelism() {
            return lanes;
        }

        @Override
        public int getMinimumRunnable() {
            return lanes;
        }

        @Override
        public int getMaxPoolSize() {
            return lanes;
        }

        @Override
        public int getCorePoolSize() {
            return lanes;
        }

        @Override
        public int getKeepAliveSeconds() {
            return 30;
        }

        @Override
        public Predicate<? super ForkJoinPool> getSaturatePredicate() {
            return pool -> true; // a lane may wait without another one in its place
        }
    }
}
