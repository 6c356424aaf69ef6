package io.breakwater.server.replay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Times in which a backend did not work, found in the record alone. */
final class Outages {
    static final String DEFINITION =
            "an outage: 5 failures in a row, or at least 5 calls within 10 s half or more of which"
                    + " failed; such times less than 10 s apart are one";

    private static final int FEWEST_CALLS = 5;
    private static final double RATE = 0.5;
    private static final long SPAN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** From the end of the first call that failed to that of the last. */
    record Outage(long fromNanos, long toNanos) {}

    private final List<Outage> found = new ArrayList<>();

    private Outages() {}

    /** Returns the outages that these calls show, in their order. */
    static List<Outage> in(List<Call> calls) {
        List<Call> byEnd = calls.stream()
                .filter(each -> each.failed() || each.succeeded())
                .sorted(Comparator.comparingLong(Call::endNanos))
                .toList();
        Outages outages = new Outages();
        outages.find(byEnd);
        return outages.found;
    }

    private void find(List<Call> calls) {
        int streak = 0;
        int oldest = 0;
        int firstFailed = 0;
        int failures = 0;
        for (int i = 0; i < calls.size(); i++) {
            Call call = calls.get(i);
            while (call.endNanos() - calls.get(oldest).endNanos() > SPAN_NANOS) {
                failures -= calls.get(oldest).failed() ? 1 : 0;
                oldest++;
            }
            if (!call.failed()) {
                streak = 0;
                continue;
            }
            failures++;
            streak++;
            int within = i - oldest + 1;
            if (streak >= FEWEST_CALLS) {
                add(calls.get(i - streak + 1).endNanos(), call.endNanos());
            } else if (within >= FEWEST_CALLS && failures >= RATE * within) {
                firstFailed = Math.max(firstFailed, oldest);
                while (!calls.get(firstFailed).failed()) {
                    firstFailed++;
                }
                add(calls.get(firstFailed).endNanos(), call.endNanos());
            }
        }
    }

    private void add(long from, long to) {
        int last = found.size() - 1;
        if (last >= 0 && from - found.get(last).toNanos() < SPAN_NANOS) {
            found.set(last, new Outage(Math.min(from, found.get(last).fromNanos()), to));
        } else {
            found.add(new Outage(from, to));
        }
    }
}
