package ringfence.it.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table of order statistics for the median at 95 %, as textbooks have it. */
class SpreadTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "4, 1, 4", "5, 1, 5", "6, 1, 6", "8, 1, 8", "9, 2, 8", "12, 3, 10", "16, 4, 13", "25, 8, 18"
    })
    void holdsTheMedian(int runs, double low, double high) {
        double[] sorted = IntStream.rangeClosed(1, runs).asDoubleStream().toArray();
        assertThat(Spread.of(sorted)).isEqualTo(new Spread(low, high));
    }
}
