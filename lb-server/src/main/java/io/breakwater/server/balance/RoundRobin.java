package io.breakwater.server.balance;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Each candidate in turn. The cursor is shared by all event loops, so that three requests on three connections meet
 * three backends, and it moves past a candidate that refuses, so that the turn of an open circuit is shared by all
 * others instead of going to its neighbour.
 */
public final class RoundRobin implements Policy {
    private final AtomicInteger cursor = new AtomicInteger();

    @Override
    public Balancer over(List<? extends Candidate> candidates) {
        int count = candidates.size();
        return (admission, key, now) -> choose(count, admission);
    }

    private int choose(int count, Admission admission) {
        int candidate = 0;
        for (int asked = 0; asked < count; asked++) {
            candidate = Integer.remainderUnsigned(cursor.getAndIncrement(), count);
            if (admission.admit(candidate)) {
                return candidate;
            }
        }
        // Other loops moved the cursor meanwhile, so that some candidate may not have had its turn here.
        for (int asked = 0; asked < count; asked++) {
            candidate = candidate + 1 == count ? 0 : candidate + 1;
            if (admission.admit(candidate)) {
                return candidate;
            }
        }
        return Balancer.NONE;
    }
}
