package io.breakwater.server.pool;

import static io.breakwater.server.pool.PoolFixture.COOLDOWN;
import static io.breakwater.server.pool.PoolFixture.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.fixtures.Together;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sixty-four clients at a pool with a half-open backend: one request at a time meets it, and it always comes back. */
@Timeout(120)
class HalfOpenHammerTest {
    private static final int CLIENTS = 64;
    private static final int REQUESTS = 200;

    @ParameterizedTest
    @CsvSource({
        "round-robin, true", "round-robin, false",
        "least-request, true", "least-request, false",
        "peak-ewma, true", "peak-ewma, false",
        "random, true", "random, false",
        "{ hash = path }, true", "{ hash = path }, false"
    })
    void oneRequestAtATimeAndNeverStarved(String balance, boolean replayable) throws Exception {
        var at = PoolFixture.startingAt(
                -COOLDOWN.toNanos(),
                replicas(3),
                "balance = " + balance,
                "breaker.half-open.successes-to-close = 3",
                "retries.max = 2");
        at.open("b");
        at.advance(COOLDOWN);
        Backend halfOpen = at.backend("b");
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger probes = new AtomicInteger();

        // All with one key, whose home may be any: recovery must not hang on it.
        Together.run(CLIENTS, client -> {
            Selection selection = new Selection();
            Selection other = new Selection();
            for (int i = 0; i < REQUESTS; i++) {
                selection.request(42, replayable);
                at.pool.select(selection, at.now());
                Backend chosen = selection.backend();
                assertThat(chosen).isNotNull();
                if (chosen == halfOpen && selection.permit().isProbe()) {
                    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                    for (int k = 0; k < 5; k++) { // the probe is out while the same client asks for more
                        other.request(42, replayable);
                        at.pool.select(other, at.now());
                        assertThat(other.backend()).isNotNull().isNotSameAs(halfOpen);
                        at.end(other, Outcome.CLIENT_ABORTED);
                    }
                    underWay.decrementAndGet();
                    // Some clients leave; that must neither close the circuit nor keep the slot.
                    at.end(selection, probes.incrementAndGet() % 2 == 0 ? Outcome.SUCCESS : Outcome.CLIENT_ABORTED);
                } else {
                    at.end(selection, Outcome.SUCCESS);
                }
                at.advance(Duration.ofMillis(1));
            }
        });

        assertThat(most).hasValue(1);
        assertThat(probes).hasValueGreaterThanOrEqualTo(6);
        assertThat(at.state("b")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.pool.backends()).allMatch(backend -> backend.replica().inFlight() == 0);
    }

    @ParameterizedTest
    @CsvSource({"round-robin", "least-request", "peak-ewma", "random", "{ hash = client-ip }"})
    void requestsThatCannotBeRepeatedBringABackendBackAfterOneMoreCooldown(String balance) {
        var at = PoolFixture.of(replicas(3), "balance = " + balance, "retries.max = 2");
        at.open("c");
        at.advance(COOLDOWN);
        for (int i = 0; i < 100; i++) {
            assertThat(at.request(i, false)).isNotEqualTo("c");
            at.end(Outcome.SUCCESS);
        }
        at.advance(COOLDOWN);

        assertThat(at.request(1, false)).isEqualTo("c");
        at.end(Outcome.SUCCESS);
        assertThat(at.state("c")).isEqualTo(CircuitState.CLOSED);
    }
}
