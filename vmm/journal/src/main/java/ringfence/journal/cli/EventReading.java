package ringfence.journal.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import ringfence.journal.JournalEvent;
import ringfence.journal.Rings;
import ringfence.journal.store.Store;
import ringfence.journal.store.VmSource;
import ringfence.linux.Linux;

/** Prints the events of many VMs, of each in order, and of all by their time as far as they are there. One thread. */
final class EventReading implements AutoCloseable {
    private record Next(VmSource source, JournalEvent event) {}

    private final Linux linux;
    private final Path rings;
    private final Path store;
    private final EventFilter filter;
    private final Map<String, VmSource> sources = new HashMap<>();
    private final Set<String> unwanted = new HashSet<>();

    EventReading(Linux linux, Path rings, Path store, EventFilter filter) {
        this.linux = linux;
        this.rings = rings;
        this.store = store;
        this.filter = filter;
    }

    /** Prints what is there and was not printed. */
    void printAll(PrintStream out) throws IOException {
        look();
        PriorityQueue<Next> next = new PriorityQueue<>(Comparator.comparingLong(each -> each.event().millis()));
        for (VmSource source : sources.values()) {
            source.poll().ifPresent(event -> next.add(new Next(source, event)));
        }
        while (!next.isEmpty()) {
            Next first = next.poll();
            print(out, first.source().name(), first.event());
            Optional<JournalEvent> following = first.source().poll();
            following.ifPresent(event -> next.add(new Next(first.source(), event)));
        }
    }

    private void look() throws IOException {
        Set<String> names = new LinkedHashSet<>(Store.names(store));
        names.addAll(Rings.names(rings));
        for (String name : names) {
            if (!sources.containsKey(name) && !unwanted.contains(name)) {
                VmSource source = new VmSource(linux, rings, store, name);
                if (filter.takesVm(name, source.label())) {
                    sources.put(name, source);
                } else {
                    source.close();
                    unwanted.add(name);
                }
            }
        }
    }

    private void print(PrintStream out, String vm, JournalEvent event) {
        if (event.lostBefore() > 0 && filter.takesLost(event)) {
            out.println(EventLine.lost(vm, event));
        }
        if (!event.source().isEmpty() && filter.takes(event)) {
            out.println(EventLine.of(vm, event));
        }
    }

    @Override
    public void close() {
        sources.values().forEach(VmSource::close);
    }
}
