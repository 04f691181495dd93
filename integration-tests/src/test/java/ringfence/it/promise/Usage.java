package ringfence.it.promise;

import java.util.List;
import java.util.stream.Collectors;
import ringfence.it.lab.KvmHost;

/** What processes of a host held at a time: whether they hold more later. */
final class Usage {
    private final List<Held> all;

    private Usage(List<Held> all) {
        this.all = all;
    }

    /** Once their descriptors are no longer in motion. @param processes their numbers */
    static Usage of(KvmHost host, List<String> processes) {
        return new Usage(processes.stream()
                .map(process -> {
                    Descriptors descriptors = new Descriptors(host, process, "");
                    return new Held(descriptors, descriptors.settled(), Footprint.of(host, process));
                })
                .toList());
    }

    /** Fails if one of them holds more now, or is gone. @return what they held, and what they hold */
    String assertNotGrown() {
        return all.stream().map(Held::assertNotGrown).collect(Collectors.joining("; "));
    }

    private record Held(Descriptors descriptors, int open, Footprint before) {
        String assertNotGrown() {
            descriptors.await(open);
            Footprint now = Footprint.of(descriptors.host(), descriptors.process());
            now.assertNotGrownFrom(before);
            return before + ", at the end " + now + ", descriptors " + open;
        }
    }
}
