package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;

/** For how long a device was without a daemon each time, as its VMM's log tells it. */
record DeviceGaps(List<Integer> millis) {
    /** Of 95 in 100 kills, in the lab, whose emulator starts a JVM slowly. */
    private static final int BAR = 3000;

    private static final int BAR_WITH_STANDBY = 1000;

    /** Sorted. */
    DeviceGaps {
        millis = millis.stream().sorted().toList();
    }

    /** Those of one device. @param log which the VMM has written with {@code -v} @param device its id */
    static DeviceGaps in(String log, String device) {
        Pattern gap = Pattern.compile(Pattern.quote(device) + ": connected .* after a gap of (\\d+) ms");
        return new DeviceGaps(gap.matcher(log)
                .results()
                .map(found -> Integer.valueOf(found.group(1)))
                .toList());
    }

    /** The one than which so many percent were not longer. */
    int percentile(int percent) {
        return millis.get((millis.size() * percent + 99) / 100 - 1);
    }

    /** On a host that does nothing else. @param standby whether another daemon waited each time */
    void keepToTheirBar(boolean standby) {
        assertThat(percentile(95)).as("p95 of " + millis).isLessThanOrEqualTo(standby ? BAR_WITH_STANDBY : BAR);
    }

    @Override
    public String toString() {
        return "without a daemon p50 " + percentile(50) + " ms, p95 " + percentile(95) + " ms, longest "
                + percentile(100) + " ms";
    }
}
