package io.breakwater.server.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Together;
import io.breakwater.server.pool.WaitingLine.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** First come, first served; no free slot is forgotten. */
class WaitingLineTest {
    private final WaitingLine line = new WaitingLine(3);
    private final List<String> called = new ArrayList<>();

    private final class Named extends Waiter {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void call() {
            called.add(name);
        }
    }

    private final Named a = new Named("a");
    private final Named b = new Named("b");
    private final Named c = new Named("c");

    /** They stand in the line; each was called when it had joined, and nobody found a slot. */
    private void stand(Named... waiters) {
        for (Named waiter : waiters) {
            assertThat(line.join(waiter)).isTrue();
            for (Named each : List.of(a, b, c)) {
                if (line.isCalled(each)) {
                    line.back(each, false);
                }
            }
        }
        called.clear();
    }

    @Test
    void whoJoinsAnEmptyLineIsCalledForASlotThatMayHaveBecomeFree() {
        assertThat(line.isEmpty()).isTrue();

        assertThat(line.join(a)).isTrue();

        assertThat(called).containsExactly("a");
        assertThat(line.isCalled(a)).isTrue();
        assertThat(line.isEmpty()).as("it has no slot yet").isFalse();
    }

    @Test
    void aFreedSlotCallsTheFirst() {
        stand(a, b, c);

        line.slotFreed();
        line.slotFreed();

        assertThat(called).containsExactly("a", "b");
        assertThat(line.length()).isEqualTo(3);
    }

    @Test
    void nobodyIsCalledWhenNobodyWaits() {
        line.slotFreed();
        line.wakeAll();

        assertThat(called).isEmpty();
        assertThat(line.isEmpty()).isTrue();
    }

    @Test
    void noMoreThanTheLimitWait() {
        line.limit(2);
        stand(a, b);

        assertThat(line.join(c)).isFalse();
        line.leave(a);
        assertThat(line.join(c)).isTrue();
        line.limit(0);
        assertThat(line.join(a)).isFalse();
        assertThat(line.length()).as("who waits stays").isEqualTo(2);
    }

    @Test
    void whoFindsNoSlotStandsWhereItStood() {
        stand(a, b, c);
        line.slotFreed();
        line.slotFreed();
        called.clear();

        line.back(b, false);
        line.back(a, false);
        line.slotFreed();
        line.slotFreed();
        line.slotFreed();

        assertThat(called).containsExactly("a", "b", "c");
    }

    @Test
    void whoJoinsStandsBehindThoseWhoComeBack() {
        stand(a, b);
        line.slotFreed();
        assertThat(line.join(c)).isTrue();
        assertThat(called).containsExactly("a", "b");
        line.back(a, false);
        line.back(b, false);
        called.clear();

        line.slotFreed();

        assertThat(called).containsExactly("a");
    }

    @Test
    void whoIsServedCallsTheNext() {
        stand(a, b);
        line.slotFreed();

        line.leave(a);

        assertThat(called).as("more than one slot may have become free").containsExactly("a", "b");
        line.back(b, false);
        assertThat(called).containsExactly("a", "b");
        assertThat(line.length()).isEqualTo(1);
    }

    @Test
    void whoLeavesWithoutHavingBeenCalledCallsNobody() {
        stand(a, b, c);

        line.leave(b);
        line.leave(b);

        assertThat(called).isEmpty();
        line.slotFreed();
        line.slotFreed();
        assertThat(called).containsExactly("a", "c");
        assertThat(line.length()).isEqualTo(2);
    }

    @Test
    void aCallThatFoundOnlyCalledOnesIsOwed() {
        stand(a);
        line.slotFreed();
        line.slotFreed();
        assertThat(called).containsExactly("a");

        line.back(a, false);

        assertThat(called).as("the second slot may be for it").containsExactly("a", "a");
        line.back(a, false);
        assertThat(called).containsExactly("a", "a");
        assertThat(line.isCalled(a)).isFalse();
    }

    @Test
    void whoCannotTakeEverySlotPassesTheCallOn() {
        stand(a, b, c);
        line.slotFreed();

        line.back(a, true);
        assertThat(called).containsExactly("a", "b");
        line.back(b, true);
        line.back(c, true);

        assertThat(called).as("it ends with the last").containsExactly("a", "b", "c");
        line.slotFreed();
        assertThat(called).as("each stands where it stood").containsExactly("a", "b", "c", "a");
        line.back(a, true);
        line.back(b, false);
        assertThat(called).as("it ends with one who could take any").containsExactly("a", "b", "c", "a", "b");
    }

    @Test
    void whatIsOwedIsForgottenWithTheLastWhoLeaves() {
        stand(a);
        line.slotFreed();
        line.slotFreed();
        line.leave(a);
        called.clear();

        line.join(b);
        line.back(b, false);

        assertThat(called).containsExactly("b");
    }

    @Test
    void onlyWhoWasCalledComesBack() {
        stand(a);

        assertThatThrownBy(() -> line.back(a, false)).isInstanceOf(IllegalStateException.class);
    }

    /**
     * Many threads share few slots through the line; some give up. When all have ended, each slot is free again, and
     * nobody who stayed was left waiting: else this does not end.
     */
    @Test
    void noSlotIsLostUnderRaces() throws InterruptedException {
        int threads = 8;
        int slots = 2;
        WaitingLine shared = new WaitingLine(threads);
        AtomicInteger free = new AtomicInteger(slots);
        AtomicInteger served = new AtomicInteger();
        Together.run(threads, index -> {
            Random random = new Random(index);
            Calls turn = new Calls();
            for (int i = 0; i < 2_000; i++) {
                boolean has = shared.isEmpty() && takes(free);
                if (!has) {
                    assertThat(shared.join(turn)).isTrue();
                    if (random.nextInt(8) == 0) {
                        shared.leave(turn);
                        continue;
                    }
                    while (!has) {
                        assertThat(turn.calls.poll(20, TimeUnit.SECONDS))
                                .as("called in time")
                                .isNotNull();
                        if (shared.isCalled(turn)) { // else it is a call of an earlier time
                            has = takes(free);
                            if (has) {
                                shared.leave(turn);
                            } else {
                                shared.back(turn, false);
                            }
                        }
                    }
                }
                if (has) {
                    served.incrementAndGet();
                    free.incrementAndGet();
                    shared.slotFreed();
                }
            }
        });

        assertThat(free).hasValue(slots);
        assertThat(shared.isEmpty()).isTrue();
        assertThat(served.get()).isGreaterThan(threads * 1_000);
    }

    private static boolean takes(AtomicInteger free) {
        int before;
        do {
            before = free.get();
            if (before == 0) {
                return false;
            }
        } while (!free.compareAndSet(before, before - 1));
        return true;
    }

    /** Counts calls as an event loop would queue them: one may be seen after its reason is gone. */
    private static final class Calls extends Waiter {
        private final LinkedBlockingQueue<Boolean> calls = new LinkedBlockingQueue<>();

        @Override
        protected void call() {
            calls.add(true);
        }
    }
}
