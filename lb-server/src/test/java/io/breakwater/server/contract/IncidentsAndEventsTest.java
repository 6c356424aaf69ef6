package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Circuit.COOLDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Circuit;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.EventReader;
import io.breakwater.server.fixtures.Eventually;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a running balancer tells of outages and of everything else that happens, over its admin port. */
@Timeout(60)
class IncidentsAndEventsTest {

    /** What must be so, without what differs from run to run. */
    private static void assertSays(Config said, String json) {
        Config expected = ConfigFactory.parseString(json);
        expected.root()
                .forEach((key, value) -> assertThat(said.root().get(key))
                        .as("%s of %s", key, said)
                        .isEqualTo(value));
    }

    private static String id(ScriptedBackend backend) {
        return "127.0.0.1:" + backend.port();
    }

    private static List<String> outcomes(Config incident) {
        return incident.getConfigList("outcomes").stream()
                .map(each -> each.getString("outcome"))
                .toList();
    }

    @Test
    void anOutageIsToldFromTheTripThroughReopeningsToItsEnd() throws Exception {
        try (Circuit circuit = new Circuit();
                EventReader events = circuit.proxy.events()) {
            circuit.get();
            circuit.open();

            assertSays(events.next("transition"), """
                    pool = default, route = null, from = closed, to = open, reason = consecutive_failures
                    figures = 3 in a row, generation = 1, cooldownSeconds = 5.0""");
            Config begun = events.next("incident");
            assertSays(begun, """
                    id = 1, pool = default, route = null, mode = enforce, reason = consecutive_failures
                    figures = 3 in a row, decision = opened for 5s, reopenings = 0
                    endedAt = null, end = null, durationSeconds = null""");
            assertThat(begun.getString("backend")).isEqualTo(id(circuit.backend));
            assertThat(outcomes(begun))
                    .containsExactly("success", "failure_status", "failure_status", "failure_status");
            assertThat(begun.getConfig("latency").getInt("peers")).isZero();
            assertThat(circuit.proxy.incidents()).isEqualTo(List.of(begun));

            circuit.ticker.advance(COOLDOWN);
            circuit.get();
            assertSays(
                    events.next("transition"), "from = open, to = half-open, generation = 2, cooldownSeconds = null");
            assertSays(events.next("transition"), "from = half-open, to = open, reason = probe_failed, generation = 3");
            assertSays(events.next("incident"), "id = 1, reopenings = 1, end = null");

            circuit.backend.answer(Answers.ok("back"));
            circuit.ticker.advance(COOLDOWN);
            circuit.get();
            assertSays(events.next("transition"), "from = open, to = half-open, generation = 4");
            assertSays(events.next("transition"), "from = half-open, to = closed, generation = 5");
            Config ended = events.next("incident");
            assertSays(ended, "id = 1, reopenings = 1, end = probe_succeeded, durationSeconds = 10.0");
            assertThat(ended.getConfigList("outcomes")).isEqualTo(begun.getConfigList("outcomes"));
            assertThat(circuit.proxy.incidents()).isEqualTo(List.of(ended));
        }
    }

    @Test
    void theCallThatTripsIsTheLastOfTheOutcomesHoweverItFailed() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.consecutive-failures = 1");
                EventReader events = circuit.proxy.events()) {
            for (int i = 0; i < 60; i++) {
                circuit.get();
            }
            circuit.backend.answer(Answers.reset());
            circuit.get();

            List<String> outcomes = outcomes(events.next("incident"));
            assertThat(outcomes).hasSize(50);
            assertThat(outcomes.subList(0, 49)).containsOnly("success");
            assertThat(outcomes.get(49)).isEqualTo("connection_reset");
        }
    }

    @Test
    void latenciesAreThoseThatTheCircuitWasToldBesideThoseOfThePeers() throws Exception {
        ManualTicker ticker = new ManualTicker(-1);
        try (ScriptedBackend slow = ScriptedBackend.start();
                ScriptedBackend quick = ScriptedBackend.start();
                Proxy proxy = Proxy.start(
                        Conf.everything(
                                new String[] {slow.url(), quick.url()},
                                Conf.PATIENT,
                                "lb.pools.default.breaker.window { type = count, calls = 10, minimum-calls = 1 }",
                                "lb.pools.default.breaker.window { slow-call-rate = 30%, slow-call-duration = 2s }"),
                        ticker);
                EventReader events = proxy.events()) {
            for (long millis : new long[] {100, 100, 2_500}) {
                boolean slowWasAsked = false;
                while (!slowWasAsked) {
                    slowWasAsked = answered(proxy, slow, Duration.ofMillis(millis), quick, ticker);
                }
            }

            Config incident = events.next("incident");
            assertSays(incident, "reason = slow_call_rate, decision = opened for 5s");
            assertThat(incident.getString("backend")).isEqualTo(id(slow));
            assertThat(incident.getConfigList("outcomes"))
                    .extracting(each -> each.getDouble("latencyMillis"))
                    .containsExactly(100.0, 100.0, 2_500.0);
            assertSays(incident.getConfig("latency"), "p50Millis = 100.0, peersP50Millis = 20.0, peers = 1");
        }
    }

    /** One request: whom it comes to answers after the given time, or the other one after 20 ms. Whether it was the first. */
    private static boolean answered(
            Proxy proxy, ScriptedBackend one, Duration latency, ScriptedBackend other, ManualTicker ticker)
            throws Exception {
        Gate gate = new Gate();
        one.answer(Answers.gated(gate, Answers.ok("one")));
        other.answer(Answers.gated(gate, Answers.ok("other")));
        int before = one.requests().size();
        int all = before + other.requests().size();
        try (RawClient client = proxy.connect()) {
            client.get("/");
            Eventually.eventually(() ->
                    assertThat(one.requests().size() + other.requests().size()).isEqualTo(all + 1));
            proxy.settle();
            boolean wasOne = one.requests().size() > before;
            ticker.advance(wasOne ? latency : Duration.ofMillis(20));
            gate.open();
            assertThat(client.read().text()).isEqualTo(wasOne ? "one" : "other");
            return wasOne;
        }
    }

    @Test
    void aTripByHandAndAResetAreToldAsWhatTheyAre() throws Exception {
        try (Circuit circuit = new Circuit();
                EventReader events = circuit.proxy.events()) {
            String path = "/api/v1/pools/default/backends/" + id(circuit.backend);
            circuit.proxy.post(path + "/trip");
            assertSays(
                    events.next("transition"),
                    "from = closed, to = open, reason = manual, figures = null, cooldownSeconds = null");
            assertSays(
                    events.next("incident"),
                    "reason = manual, figures = null, decision = opened until reset, outcomes = []");
            assertSays(events.next("admin"), "pool = default, action = trip, from = closed, to = open");

            circuit.proxy.post(path + "/trip"); // changes nothing
            circuit.proxy.post(path + "/reset");
            assertSays(events.next("transition"), "from = open, to = closed, reason = manual");
            assertSays(events.next("incident"), "end = manual, durationSeconds = 0.0");
            assertSays(events.next("admin"), "action = reset, from = open, to = closed");
        }
    }

    @Test
    void aBackendThatOnlyWouldBeRefusedHasIncidentsToo() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.mode = observe");
                EventReader events = circuit.proxy.events()) {
            circuit.backend.answer(Answers.status(500));
            for (int i = 0; i < 3; i++) {
                circuit.get();
            }

            assertSays(events.next("incident"), "mode = observe, decision = \"opened for 5s, observed only\"");
        }
    }

    @Test
    void aTripThatIsRefusedIsNoIncident() throws Exception {
        try (Circuit circuit = new Circuit("lb.pools.default.breaker.min-available = 1");
                EventReader events = circuit.proxy.events()) {
            circuit.backend.answer(Answers.status(500));
            for (int i = 0; i < 5; i++) {
                circuit.get();
            }
            circuit.proxy.post("/api/v1/pools/default/backends/" + id(circuit.backend) + "/drain");

            assertThat(circuit.proxy.metric("lb_circuit_trips_refused_total")).isPositive();
            assertThat(events.next().name()).isEqualTo("admin");
            assertThat(circuit.proxy.incidents()).isEmpty();
        }
    }

    @Test
    void reloadsAreToldAndOneThatRemovesABackendEndsItsIncident() throws Exception {
        ManualTicker ticker = new ManualTicker(-1);
        try (ScriptedBackend stays = ScriptedBackend.start().answer(Answers.ok("a"));
                ScriptedBackend goes = ScriptedBackend.start().answer(Answers.status(500));
                Proxy proxy =
                        Proxy.start(Conf.everything(new String[] {stays.url(), goes.url()}, Conf.PATIENT), ticker);
                EventReader events = proxy.events()) {
            while (!proxy.circuit("default", goes).equals("open")) {
                proxy.get("/");
            }
            assertSays(events.next("incident"), "id = 1, end = null");
            ticker.advance(Duration.ofSeconds(3));

            assertThat(proxy.reload("nonsense")).isInstanceOf(ReloadResult.Refused.class);
            Config refused = events.next("reload");
            assertSays(refused, "result = failure");
            assertThat(refused.getStringList("problems")).isNotEmpty();

            assertThat(proxy.reload(Conf.everything(stays.url(), Conf.PATIENT)))
                    .isInstanceOf(ReloadResult.Success.class);
            Config ended = events.next("incident");
            assertSays(ended, "id = 1, end = removed, durationSeconds = 3.0");
            assertThat(ended.getString("backend")).isEqualTo(id(goes));
            Config done = events.next("reload");
            assertSays(done, "result = success");
            assertThat(done.getStringList("changes")).isNotEmpty();
            assertThat(proxy.incidents()).isEqualTo(List.of(ended));
        }
    }

    @Test
    void aChangeOfHealthIsTold() throws Exception {
        try (ScriptedBackend backend = ScriptedBackend.start().answer(Answers.status(503));
                Proxy proxy = Proxy.start(
                        Conf.everything(
                                backend.url(),
                                "lb.pools.default.health-check { enabled = true, interval = 100ms, timeout = 10s, fall = 1, rise = 1 }"));
                EventReader events = EventReader.open(proxy.adminPort(), "0")) {
            events.start();
            Config unhealthy = events.next("health");
            assertSays(unhealthy, "pool = default, from = unknown, to = unhealthy");
            assertThat(unhealthy.getString("detail")).isEqualTo("failed: 1 in a row, the last: status 503");
            backend.answer(Answers.ok("back"));

            assertSays(events.next("health"), "from = unhealthy, to = healthy");
        }
    }

    @Test
    void aDrainDoesNotWaitForStreamsAndTheEndOfTheBalancerEndsThemInGoodOrder() throws Exception {
        try (Circuit circuit = new Circuit("lb.shutdown.drain = 10h");
                RawClient client = RawClient.connect(circuit.proxy.adminPort());
                EventReader events = circuit.proxy.events()) {
            client.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(circuit.proxy.drain()).isZero();
            circuit.proxy.post("/api/v1/pools/default/backends/" + id(circuit.backend) + "/trip");
            events.next("admin");
            circuit.proxy.close();

            HttpMessage stream = client.read();
            assertThat(stream.complete()).isTrue();
            assertThat(stream.text()).contains("\nevent: transition\n", "\nevent: incident\n");
        }
    }
}
