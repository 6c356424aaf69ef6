package io.breakwater.server.pool;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.PoolConfig;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code breaker.scope = backend-and-route}: what is one for each route, and what is one for all. */
class RouteScopeTest {
    private static final String PER_ROUTE = "breaker.scope = backend-and-route";

    private final PoolFixture at = PoolFixture.of(PoolFixture.replicas(1));

    private static PoolConfig config(int backends, String... settings) {
        return PoolFixture.config(
                PER_ROUTE + "\n" + PoolFixture.replicas(backends) + "\n" + String.join("\n", settings));
    }

    /** Two routes, {@code orders} and {@code carts}. */
    private void configure(int backends, String... settings) {
        at.reload(config(backends, settings), "orders", "carts");
    }

    private Backend circuit(String route, String backend) {
        return at.served.forRoute(route).backends().stream()
                .filter(each -> each.id().id().equals(backend))
                .findFirst()
                .orElseThrow();
    }

    private CircuitState state(String route, String backend) {
        return circuit(route, backend).breaker().state(at.now());
    }

    private void fail(String route, String backend) {
        requireNonNull(circuit(route, backend).breaker().tryAcquire(at.now()))
                .record(Outcome.FAILURE_STATUS, 0, at.now());
    }

    /** Whom a request of this route meets, or the refusal; it goes on. */
    private String begin(String route, long key) {
        at.pool = at.served.forRoute(route);
        return at.request(key, true);
    }

    private String serve(String route) {
        at.pool = at.served.forRoute(route);
        return at.serve();
    }

    @Test
    void aPathThatFailsOpensItsCircuitAlone() {
        configure(1);
        begin("orders", 0);
        at.end(Outcome.FAILURE_STATUS);

        assertThat(serve("orders")).isEqualTo("CIRCUIT_OPEN");
        assertThat(at.selection.retryAfterNanos()).isEqualTo(PoolFixture.COOLDOWN.toNanos());
        assertThat(serve("carts")).isEqualTo("a");
        assertThat(at.counts("a").circuitRejections).hasValue(1);
        assertThat(at.replica("a").rejected()).isEqualTo(1);
    }

    @Test
    void aProbeIsOfferedToTheRequestsOfItsRouteAlone() {
        configure(2);
        fail("orders", "a");
        at.advance(PoolFixture.COOLDOWN);

        for (int i = 0; i < 10; i++) {
            begin("carts", i);
            assertThat(at.selection.permit().isProbe()).isFalse();
            at.end(Outcome.SUCCESS);
        }
        assertThat(begin("orders", 0)).isEqualTo("a");
        assertThat(at.selection.permit().isProbe()).isTrue();
        at.end(Outcome.SUCCESS);
        assertThat(state("orders", "a")).isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void aSlotIsOneForAllRoutes() {
        configure(1, "concurrency.max-per-backend = 1");

        assertThat(begin("orders", 0)).isEqualTo("a");
        Selection first = new Selection();
        first.request(0, true);
        at.served.forRoute("carts").select(first, at.now());
        assertThat(first.refusal()).isEqualTo(Refusal.OVERLOADED);
        assertThat(at.replica("a").inFlight()).isEqualTo(1);

        at.end(Outcome.SUCCESS);
        assertThat(serve("carts")).isEqualTo("a");
        assertThat(at.replica("a").requests()).isEqualTo(2);
    }

    @Test
    void aRequestThatItsOwnCircuitRefusedLeavesASlotToOthers() {
        configure(2, "concurrency.max-per-backend = 1");
        fail("orders", "a");
        assertThat(begin("orders", 0)).isEqualTo("b");
        Selection refused = new Selection();
        refused.request(0, true);

        at.served.forRoute("orders").select(refused, at.now());
        assertThat(refused.refusal()).isEqualTo(Refusal.OVERLOADED);
        assertThat(refused.isChoosy(at.served.forRoute("orders"))).isTrue();

        assertThat(serve("carts")).as("the slot that it could not have").isEqualTo("a");
    }

    @Test
    void whatAnOperatorAndTheChecksSayHoldsForEveryRoute() {
        configure(2, "health-check.enabled = true");

        at.replica("a").admin(AdminState.DRAINING);
        assertThat(List.of(serve("orders"), serve("carts"))).containsOnly("b");
        at.health("b", HealthStatus.UNHEALTHY);
        assertThat(serve("orders")).isEqualTo("UNHEALTHY");
        assertThat(serve("carts")).isEqualTo("UNHEALTHY");
        at.replica("a").admin(AdminState.ENABLED);
        assertThat(List.of(serve("orders"), serve("carts"))).containsOnly("a");
    }

    @Test
    void theLastOneWhoseChecksTimeOutStaysForEveryRouteUntilAnotherIsBack() {
        configure(2, "health-check.enabled = true");
        at.health("a", HealthStatus.UNHEALTHY);
        at.health("b", HealthStatus.UNHEALTHY, true);
        assertThat(List.of(serve("orders"), serve("carts"))).containsOnly("b");

        at.health("a", HealthStatus.HEALTHY);

        assertThat(at.replica("b").isSuspect()).isFalse();
        for (int i = 0; i < 4; i++) {
            assertThat(List.of(serve("orders"), serve("carts"))).containsOnly("a");
        }
    }

    @Test
    void minAvailableIsCountedForEachRoute() {
        configure(2, "breaker.min-available = 1");

        fail("orders", "a");
        fail("orders", "b");
        fail("carts", "b");
        fail("carts", "a");

        assertThat(state("orders", "a")).isEqualTo(CircuitState.OPEN);
        assertThat(state("orders", "b")).isEqualTo(CircuitState.CLOSED);
        assertThat(state("carts", "b")).isEqualTo(CircuitState.OPEN);
        assertThat(state("carts", "a")).isEqualTo(CircuitState.CLOSED);
        assertThat(at.counts("a").refusedTrips).hasValue(1);
        assertThat(at.counts("b").refusedTrips).hasValue(1);
        assertThat(at.served.forRoute("orders").explain(true, at.now()))
                .containsExactly(Eligibility.CIRCUIT_OPEN, Eligibility.PROTECTED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"round-robin", "least-request", "peak-ewma", "random", "{ hash = path }"})
    void everyPolicyPassesOverTheRoutesOpenCircuitsOnly(String policy) {
        configure(3, "balance = " + policy);
        fail("orders", "b");
        fail("carts", "c");

        Set<String> orders = new HashSet<>();
        Set<String> carts = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            orders.add(begin("orders", i * 0x9E3779B97F4A7C15L));
            at.end(Outcome.SUCCESS);
            carts.add(begin("carts", i * 0x9E3779B97F4A7C15L));
            at.end(Outcome.SUCCESS);
        }

        assertThat(orders).containsExactlyInAnyOrder("a", "c");
        assertThat(carts).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void aKeyMeetsTheSameBackendOnEveryRoute() {
        configure(5, "balance = { hash = path }");

        for (long key = 0; key < 100; key++) {
            String met = begin("orders", key * 0x9E3779B97F4A7C15L);
            at.end(Outcome.SUCCESS);
            assertThat(begin("carts", key * 0x9E3779B97F4A7C15L)).isEqualTo(met);
            at.end(Outcome.SUCCESS);
        }
    }

    @Test
    void aBackendComesBackSlowlyToTheRouteThatItWasAwayFrom() {
        configure(2, "slow-start { enabled = true, min-weight = 20% }");
        fail("orders", "a");
        at.advance(PoolFixture.COOLDOWN);
        begin("orders", 0);
        at.end(Outcome.SUCCESS);

        assertThat(circuit("orders", "a").share(at.now())).isEqualTo(0.2);
        assertThat(circuit("carts", "a").share(at.now())).isEqualTo(1);
        // Of "orders" it has 1/6, of "carts" a half.
        assertThat(at.served.shares(at.now())[0]).isBetween(0.333, 0.334);
    }

    @Test
    void theStatesOfAllCircuitsAreSummedUp() {
        configure(2);
        assertThat(at.replica("a").worstState(at.now())).isEqualTo(CircuitState.CLOSED);

        fail("orders", "a");
        fail("orders", "b");
        assertThat(at.replica("a").worstState(at.now())).isEqualTo(CircuitState.OPEN);
        assertThat(at.replica("a").isUp(at.now())).isTrue();
        assertThat(at.served.forRoute("orders").bestState(at.now())).isEqualTo(CircuitState.OPEN);
        assertThat(at.served.forRoute("carts").bestState(at.now())).isEqualTo(CircuitState.CLOSED);
        assertThat(at.served.bestState(at.now())).isEqualTo(CircuitState.CLOSED);

        fail("carts", "a");
        fail("carts", "b");
        assertThat(at.replica("a").isUp(at.now())).isFalse();
        assertThat(at.served.bestState(at.now())).isEqualTo(CircuitState.OPEN);

        at.advance(PoolFixture.COOLDOWN);
        assertThat(at.replica("a").worstState(at.now())).isEqualTo(CircuitState.HALF_OPEN);
        assertThat(at.replica("a").isUp(at.now())).isTrue();
    }

    @Test
    void aCircuitStaysAsLongAsItsRouteAndItsReplicaDo() {
        configure(2);
        fail("orders", "a");
        Backend orders = circuit("orders", "a");
        BackendPool before = at.served.forRoute("orders");

        at.reload(config(3, "breaker.cooldown = 20s"), "carts", "returns", "orders");
        assertThat(circuit("orders", "a")).isSameAs(orders);
        assertThat(state("orders", "a")).isEqualTo(CircuitState.OPEN);
        assertThat(state("returns", "a")).isEqualTo(CircuitState.CLOSED);
        assertThat(routes("a")).containsExactly("carts", "returns", "orders");
        at.selection.request(0, true);
        Set<String> met = new HashSet<>();
        for (int i = 0; i < 6; i++) { // an exchange that still has the pool of before
            before.select(at.selection, at.now());
            met.add(requireNonNull(at.selection.backend()).id().id());
        }
        assertThat(met).containsExactlyInAnyOrder("b", "c");

        at.reload(config(2), "carts");
        assertThat(routes("a")).containsExactly("carts");
        at.reload(config(2), "orders");
        assertThat(state("orders", "a")).as("the route is new").isEqualTo(CircuitState.CLOSED);
    }

    @Test
    void anotherScopeBeginsWithOtherCircuitsAndTheSameReplicas() {
        configure(1);
        fail("orders", "a");
        fail("carts", "a");
        Replica before = at.replica("a");

        at.reload(PoolFixture.config(PoolFixture.replicas(1)), "orders", "carts");

        assertThat(at.served.replicas()).containsExactly(before);
        assertThat(at.served.forRoute("orders")).isSameAs(at.served.forRoute("carts"));
        assertThat(before.worstState(at.now())).isEqualTo(CircuitState.CLOSED);
        assertThat(Arrays.asList(before.circuits().get(0).route())).containsOnlyNulls();
    }

    @Test
    void aPoolThatNoRouteLeadsToHasOneCircuitForEachBackend() {
        at.reload(config(2));

        assertThat(at.replica("a").circuits()).hasSize(1);
        assertThat(at.request()).isEqualTo("a");
    }

    @Test
    void whatAnOperatorOpenedIsOpenForANewRouteToo() {
        configure(1);
        at.replica("a").circuits().forEach(each -> each.breaker().trip(at.now()));

        at.reload(config(1), "orders", "returns");

        assertThat(state("returns", "a")).isEqualTo(CircuitState.OPEN);
        assertThat(circuit("returns", "a").breaker().isTripped()).isTrue();
        assertThat(serve("returns")).isEqualTo("CIRCUIT_OPEN");
    }

    private List<String> routes(String backend) {
        return at.replica(backend).circuits().stream()
                .map(each -> requireNonNull(each.route()))
                .toList();
    }
}
