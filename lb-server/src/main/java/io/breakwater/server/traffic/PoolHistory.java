package io.breakwater.server.traffic;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The samples of one pool and of its backends. NOT thread safe. */
final class PoolHistory {
    private final String name;
    private final Ring ring = new Ring();
    /** In the order of the configuration. Each that counts is equal to itself only. */
    private Map<Attempts, BackendHistory> backends = new LinkedHashMap<>();

    /** What the backends have counted so far is not sampled. */
    PoolHistory(String name, List<? extends Attempts> present) {
        this.name = name;
        present.forEach(each -> backends.put(each, new BackendHistory(each)));
    }

    /** Adds a sample to all that were there before; a backend that is new begins, one that is gone ends. */
    void sample(List<? extends Attempts> present, double seconds, long intervals) {
        Map<Attempts, BackendHistory> before = backends;
        Map<Attempts, BackendHistory> after = new LinkedHashMap<>();
        Tally sum = new Tally(present.isEmpty() ? null : present.get(0).durations());
        for (Attempts each : present) {
            BackendHistory known = before.get(each);
            if (known == null) {
                known = new BackendHistory(each);
            } else {
                sum.add(known.sample(seconds, intervals));
            }
            after.put(each, known);
        }
        ring.add(sum, seconds, intervals);
        backends = after;
    }

    Traffic.Pool read() {
        return new Traffic.Pool(
                name,
                ring.samples(),
                backends.values().stream().map(BackendHistory::read).toList());
    }
}
