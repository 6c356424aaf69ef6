package io.breakwater.metrics.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.check.CheckResult;
import io.breakwater.metrics.BackendGauges;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.metrics.ConnectionRecorder;
import io.breakwater.metrics.EventLoopGauges;
import io.breakwater.metrics.MeterName;
import io.breakwater.metrics.PoolRecorder;
import io.breakwater.metrics.QueueContents;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.Side;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrometheusMetricsTest {
    private static final BackendId BACKEND = new BackendId("default", "localhost:3001");
    private static final String OF_BACKEND = "backend=\"localhost:3001\",pool=\"default\"";
    private static final long MILLI = 1_000_000;
    private static final QueueContents EMPTY_QUEUE = new QueueContents(0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final PrometheusMetrics metrics = new PrometheusMetrics("1.2.3", InstantSource.system());
    private final FakeBackend gauges = new FakeBackend();

    @BeforeEach
    void start() {
        metrics.start();
    }

    @AfterEach
    void close() {
        metrics.close();
    }

    @Test
    void everyRowOfTheTableIsExposedWithItsTypeHelpAndLabels() {
        everythingOnce();

        Scrape scrape = Scrape.of(metrics);

        for (MeterName meter : MeterName.values()) {
            String name = meter.exposedName();
            assertThat(scrape.types()).containsEntry(name, meter.type().name().toLowerCase(Locale.ROOT));
            assertThat(scrape.help()).containsEntry(name, meter.help());
            String sample = meter.type() == MeterName.Type.HISTOGRAM ? name + "_count" : name;
            List<Set<String>> labels = scrape.series().keySet().stream()
                    .filter(series -> series.equals(sample) || series.startsWith(sample + "{"))
                    .map(PrometheusMetricsTest::labelNames)
                    .toList();
            assertThat(labels).as(name).isNotEmpty().allMatch(new TreeSet<>(meter.labels())::equals);
        }
    }

    @Test
    void nothingOfOursIsExposedThatTheTableLacks() {
        everythingOnce();

        Set<String> ours = new TreeSet<>(Scrape.of(metrics).types().keySet());
        ours.removeIf(name -> !name.startsWith("lb_"));

        Set<String> table = new TreeSet<>();
        for (MeterName meter : MeterName.values()) {
            table.add(meter.exposedName());
        }
        assertThat(ours).isEqualTo(table);
    }

    @Test
    void jvmAndProcessAreMeasuredAndEverythingHasHelp() {
        everythingOnce();

        Scrape scrape = Scrape.of(metrics);

        assertThat(scrape.types())
                .containsKeys(
                        "jvm_memory_used_bytes",
                        "jvm_gc_memory_allocated_bytes_total",
                        "jvm_threads_live_threads",
                        "jvm_classes_loaded_classes",
                        "jvm_info",
                        "process_cpu_seconds_total",
                        "process_start_time_seconds",
                        "process_cpu_usage",
                        "system_cpus");
        assertThat(scrape.help().keySet()).isEqualTo(scrape.types().keySet());
        assertThat(scrape.help())
                .allSatisfy((name, help) -> assertThat(help).as(name).isNotBlank());
        assertThat(scrape.value("process_cpu_seconds_total")).isBetween(0.01, 36_000.0);
    }

    @Test
    void namesKeepPrometheusRules() {
        everythingOnce();

        Map<String, String> types = Scrape.of(metrics).types();

        assertThat(types).allSatisfy((name, type) -> {
            assertThat(name).matches("[a-z][a-z0-9_]*");
            assertThat(name.endsWith("_total")).as(name).isEqualTo(type.equals("counter"));
            assertThat(name).doesNotContainPattern("_(ns|ms|nanos|millis)(_|$)");
            assertThat(name.endsWith("_count")).as(name).isFalse();
        });
    }

    @Test
    void buildInfoShowsTheVersion() {
        assertThat(Scrape.of(metrics).value("lb_build_info{version=\"1.2.3\"}")).isEqualTo(1);
    }

    @Test
    void seriesOfABackendExistFromTheStartAtZero() {
        metrics.backend(BACKEND, gauges);

        Scrape scrape = Scrape.of(metrics);

        for (Outcome outcome : Outcome.values()) {
            assertThat(scrape.value("lb_backend_requests_total{backend=\"localhost:3001\",outcome=\"" + outcome.label()
                            + "\",pool=\"default\"}"))
                    .isZero();
        }
        for (CheckResult result : CheckResult.values()) {
            assertThat(scrape.value(checks(result))).isZero();
        }
        assertThat(scrape.value("lb_health_check_duration_seconds_count{" + OF_BACKEND + "}"))
                .isZero();
        assertThat(scrape.value("lb_circuit_trips_refused_total{" + OF_BACKEND + "}"))
                .isZero();
        assertThat(scrape.value("lb_circuit_rejected_total{" + OF_BACKEND + "}"))
                .isZero();
        assertThat(scrape.value("lb_backend_request_duration_seconds_count{" + OF_BACKEND + "}"))
                .isZero();
        assertThat(scrape.series().keySet().stream().filter(name -> name.startsWith("lb_circuit_transitions_total")))
                .hasSize(BackendMeters.LEGAL_CHANGES.size())
                .contains(transition("closed", "open", "consecutive_failures"))
                .contains(transition("closed", "open", "failure_rate"))
                .contains(transition("closed", "open", "slow_call_rate"))
                .contains(transition("open", "half-open", "cooldown_elapsed"))
                .contains(transition("half-open", "closed", "probe_succeeded"))
                .contains(transition("half-open", "open", "probe_failed"))
                .contains(transition("half-open", "open", "probe_expired"));
    }

    @Test
    void aQueueTellsWhatItHoldsAndWhatBecameOfTheOthers() {
        metrics.queue("/var/a", () -> new QueueContents(1, 2, 3.5, 4, 5, 6, 7, 8, 9));
        metrics.queue("b", () -> EMPTY_QUEUE);

        Scrape scrape = Scrape.of(metrics);

        assertThat(scrape.value("lb_queue_entries{dir=\"/var/a\"}")).isEqualTo(1);
        assertThat(scrape.value("lb_queue_bytes{dir=\"/var/a\"}")).isEqualTo(2);
        assertThat(scrape.value("lb_queue_oldest_age_seconds{dir=\"/var/a\"}")).isEqualTo(3.5);
        assertThat(scrape.value("lb_queue_ended_total{dir=\"/var/a\",result=\"delivered\"}"))
                .isEqualTo(4);
        assertThat(scrape.value("lb_queue_ended_total{dir=\"/var/a\",result=\"rejected\"}"))
                .isEqualTo(5);
        assertThat(scrape.value("lb_queue_ended_total{dir=\"/var/a\",result=\"expired\"}"))
                .isEqualTo(6);
        assertThat(scrape.value("lb_queue_ended_total{dir=\"/var/a\",result=\"lost\"}"))
                .isEqualTo(7);
        assertThat(scrape.value("lb_queue_refused_total{dir=\"/var/a\",reason=\"full\"}"))
                .isEqualTo(8);
        assertThat(scrape.value("lb_queue_refused_total{dir=\"/var/a\",reason=\"failed\"}"))
                .isEqualTo(9);
        assertThat(scrape.series().entrySet())
                .filteredOn(each -> each.getKey().contains("{dir=\"b\""))
                .hasSize(9)
                .allMatch(each -> each.getValue() == 0);
    }

    @Test
    void loopsAndTheirAllocatorAreReadAtEachScrape() {
        FakeLoop second = new FakeLoop();
        metrics.eventLoop(0, new FakeLoop());
        metrics.eventLoop(1, second);
        long[] bytes = {100, 200};
        metrics.allocator(() -> bytes[0], () -> bytes[1]);
        assertThat(Scrape.of(metrics).value("lb_event_loop_lag_seconds{loop=\"1\"}"))
                .isZero();

        second.lagNanos = 30 * MILLI;
        second.pendingTasks = 7;
        bytes[1] = 300;

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("lb_event_loop_lag_seconds{loop=\"0\"}")).isZero();
        assertThat(scrape.value("lb_event_loop_lag_seconds{loop=\"1\"}")).isCloseTo(0.03, within(1e-9));
        assertThat(scrape.value("lb_event_loop_pending_tasks{loop=\"1\"}")).isEqualTo(7);
        assertThat(scrape.value("lb_allocator_memory_bytes{kind=\"heap\"}")).isEqualTo(100);
        assertThat(scrape.value("lb_allocator_memory_bytes{kind=\"direct\"}")).isEqualTo(300);
    }

    @Test
    void everyReasonOfATransitionHasALegalChange() {
        Set<Transition.Reason> reasons = EnumSet.noneOf(Transition.Reason.class);
        BackendMeters.LEGAL_CHANGES.forEach(change -> reasons.add(change.reason()));

        assertThat(reasons).containsExactly(Transition.Reason.values());
        assertThat(new HashSet<>(BackendMeters.LEGAL_CHANGES)).hasSameSizeAs(BackendMeters.LEGAL_CHANGES);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/resource, circuit_open unhealthy overloaded unavailable bad_request too_large timeout",
        "health,        method_not_allowed",
        "none,          no_route method_not_allowed bad_request too_large timeout connection_limit"
    })
    void rejectionsOfARouteExistFromTheStartForTheReasonsThatItCanHave(String route, String reasons) {
        metrics.route(route);

        Scrape scrape = Scrape.of(metrics);

        assertThat(scrape.series().keySet())
                .filteredOn(name -> name.startsWith("lb_rejections_total"))
                .containsExactlyInAnyOrder(Pattern.compile(" ")
                        .splitAsStream(reasons)
                        .map(reason -> rejection(route, reason))
                        .toArray(String[]::new));
    }

    @ParameterizedTest
    @EnumSource(RejectionReason.class)
    void anyReasonIsCountedOnAnyRoute(RejectionReason reason) {
        metrics.route("/a").rejected(reason);
        metrics.route("none").rejected(reason);

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value(rejection("/a", reason.label()))).isEqualTo(1);
        assertThat(scrape.value(rejection("none", reason.label()))).isEqualTo(1);
    }

    @Test
    void codesAppearOnFirstUse() {
        RouteRecorder route = metrics.route("/a");
        assertThat(Scrape.of(metrics).series())
                .containsKey(requests("client_closed"))
                .doesNotContainKey(requests("200"));

        route.started();
        route.ended(200, MILLI);
        route.started();
        route.ended(200, MILLI);
        route.started();
        route.ended(599, MILLI);
        route.started();
        route.clientClosed(MILLI);

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value(requests("200"))).isEqualTo(2);
        assertThat(scrape.value(requests("599"))).isEqualTo(1);
        assertThat(scrape.value(requests("client_closed"))).isEqualTo(1);
        assertThat(scrape.value("lb_request_duration_seconds_count{route=\"/a\"}"))
                .isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {99, 600, 999})
    void statusOutsideTheUsualClassesIsCountedToo(int status) {
        RouteRecorder route = metrics.route("/a");

        route.started();
        route.ended(status, MILLI);

        assertThat(Scrape.of(metrics).value(requests(Integer.toString(status)))).isEqualTo(1);
    }

    @Test
    void requestsInFlightAreThoseStartedAndNotEnded() {
        RouteRecorder route = metrics.route("/a");
        route.started();
        route.started();
        route.started();
        route.ended(200, MILLI);
        route.clientClosed(MILLI);

        assertThat(Scrape.of(metrics).value("lb_requests_in_flight{route=\"/a\"}"))
                .isEqualTo(1);
    }

    @Test
    void durationFallsIntoItsBucketBoundIncluded() {
        RouteRecorder route = metrics.route("/a");
        route.started();
        route.ended(200, MILLI);
        route.started();
        route.ended(200, MILLI + 1);
        route.started();
        route.ended(200, TimeUnit.SECONDS.toNanos(31));

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value(bucket("0.001"))).isEqualTo(1);
        assertThat(scrape.value(bucket("0.0025"))).isEqualTo(2);
        assertThat(scrape.value(bucket("30.0"))).isEqualTo(2);
        assertThat(scrape.value(bucket("+Inf"))).isEqualTo(3);
        assertThat(scrape.value("lb_request_duration_seconds_sum{route=\"/a\"}"))
                .isCloseTo(31.002000001, within(1e-9));
        assertThat(scrape.series().keySet().stream().filter(name -> name.startsWith("lb_request_duration_seconds_b")))
                .hasSize(15);
    }

    @Test
    void attemptsAreCountedByOutcome() {
        BackendRecorder backend = metrics.backend(BACKEND, gauges);
        backend.ended(Outcome.SUCCESS, 2 * MILLI);
        backend.ended(Outcome.CONNECT_FAILED, 2 * MILLI);
        backend.ended(Outcome.CONNECT_FAILED, 2 * MILLI);
        backend.circuitRejected();

        Scrape scrape = Scrape.of(metrics);
        String outcomes = "lb_backend_requests_total{backend=\"localhost:3001\",outcome=\"%s\",pool=\"default\"}";
        assertThat(scrape.value(String.format(outcomes, "success"))).isEqualTo(1);
        assertThat(scrape.value(String.format(outcomes, "connect_failed"))).isEqualTo(2);
        assertThat(scrape.value("lb_backend_request_duration_seconds_count{" + OF_BACKEND + "}"))
                .isEqualTo(3);
        assertThat(scrape.value("lb_circuit_rejected_total{" + OF_BACKEND + "}"))
                .isEqualTo(1);
    }

    @Test
    void transitionsAreCountedEvenThoseThatNobodyForesaw() {
        BackendRecorder backend = metrics.backend(BACKEND, gauges);
        backend.transition(new Transition(
                1, 0, CircuitState.CLOSED, CircuitState.OPEN, Transition.Reason.CONSECUTIVE_FAILURES, 3));
        backend.transition(new Transition(2, 0, CircuitState.OPEN, CircuitState.OPEN, Transition.Reason.RESTORED, 3));

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value(transition("closed", "open", "consecutive_failures")))
                .isEqualTo(1);
        assertThat(scrape.value(transition("open", "open", "restored"))).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(CircuitState.class)
    void exactlyThePresentStateIsOne(CircuitState present) {
        metrics.backend(BACKEND, gauges);
        gauges.state = present;

        Scrape scrape = Scrape.of(metrics);

        for (CircuitState state : CircuitState.values()) {
            assertThat(scrape.value("lb_circuit_state{" + OF_BACKEND + ",state=\"" + state.label() + "\"}"))
                    .isEqualTo(state == present ? 1 : 0);
        }
    }

    @Test
    void stateThatMovesDuringAScrapeIsStillOneState() {
        List<CircuitState> states = List.of(CircuitState.values());
        int[] asked = {0};
        metrics.backend(BACKEND, new FakeBackend() {
            @Override
            public CircuitState circuitState() {
                return states.get(asked[0]++ % states.size());
            }
        });

        for (int scrapes = 0; scrapes < 3; scrapes++) {
            double ones = Scrape.of(metrics).series().entrySet().stream()
                    .filter(series -> series.getKey().startsWith("lb_circuit_state"))
                    .mapToDouble(Map.Entry::getValue)
                    .sum();
            assertThat(ones).isEqualTo(1);
        }
    }

    @Test
    void gaugesOfABackendAreReadAtTheScrape() {
        metrics.backend(BACKEND, gauges);
        gauges.inFlight = 7;
        gauges.up = false;

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("lb_backend_in_flight{" + OF_BACKEND + "}")).isEqualTo(7);
        assertThat(scrape.value("lb_backend_up{" + OF_BACKEND + "}")).isZero();
        assertThat(scrape.value("lb_backend_healthy{" + OF_BACKEND + "}")).isEqualTo(1);

        gauges.up = true;
        gauges.healthy = false;
        Scrape next = Scrape.of(metrics);
        assertThat(next.value("lb_backend_up{" + OF_BACKEND + "}")).isEqualTo(1);
        assertThat(next.value("lb_backend_healthy{" + OF_BACKEND + "}")).isZero();
    }

    @Test
    void refusedTripsAndHealthChecksAreCounted() {
        BackendRecorder backend = metrics.backend(BACKEND, gauges);
        backend.tripRefused();
        backend.healthChecked(CheckResult.PASSED, MILLI);
        backend.healthChecked(CheckResult.PASSED, MILLI);
        backend.healthChecked(CheckResult.TIMEOUT, TimeUnit.SECONDS.toNanos(2));

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("lb_circuit_trips_refused_total{" + OF_BACKEND + "}"))
                .isEqualTo(1);
        assertThat(scrape.value(checks(CheckResult.PASSED))).isEqualTo(2);
        assertThat(scrape.value(checks(CheckResult.FAILED))).isZero();
        assertThat(scrape.value(checks(CheckResult.TIMEOUT))).isEqualTo(1);
        assertThat(scrape.value("lb_health_check_duration_seconds_count{" + OF_BACKEND + "}"))
                .isEqualTo(3);
        assertThat(scrape.value("lb_health_check_duration_seconds_sum{" + OF_BACKEND + "}"))
                .isCloseTo(2.002, within(1e-9));
    }

    @Test
    void retriesOfAPoolAreCountedFromZeroOn() {
        PoolRecorder pool = metrics.pool("default");
        Scrape before = Scrape.of(metrics);
        assertThat(before.value(retries("success"))).isZero();
        assertThat(before.value(retries("failure"))).isZero();
        assertThat(before.value("lb_retry_budget_exhausted_total{pool=\"default\"}"))
                .isZero();

        pool.retried(true);
        pool.retried(false);
        metrics.pool("default").retried(false);
        pool.retryBudgetExhausted();

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value(retries("success"))).isEqualTo(1);
        assertThat(scrape.value(retries("failure"))).isEqualTo(2);
        assertThat(scrape.value("lb_retry_budget_exhausted_total{pool=\"default\"}"))
                .isEqualTo(1);
    }

    @Test
    void reloadsAreCountedAndOnlyASuccessMovesTheTimestamp() {
        String taken = "lb_config_last_reload_success_timestamp_seconds";
        metrics.configTaken(Instant.ofEpochMilli(1_700_000_000_250L));
        Scrape start = Scrape.of(metrics);
        assertThat(start.value(taken)).isEqualTo(1_700_000_000.25);
        assertThat(start.value(reloads("success"))).isZero();
        assertThat(start.value(reloads("failure"))).isZero();

        metrics.configReloaded(false, Instant.ofEpochSecond(1_700_000_001));
        Scrape refused = Scrape.of(metrics);
        assertThat(refused.value(taken)).isEqualTo(1_700_000_000.25);
        assertThat(refused.value(reloads("failure"))).isEqualTo(1);
        assertThat(refused.value(reloads("success"))).isZero();

        metrics.configReloaded(true, Instant.ofEpochSecond(1_700_000_002));
        Scrape reloaded = Scrape.of(metrics);
        assertThat(reloaded.value(taken)).isEqualTo(1_700_000_002);
        assertThat(reloaded.value(reloads("failure"))).isEqualTo(1);
        assertThat(reloaded.value(reloads("success"))).isEqualTo(1);
    }

    @Test
    void everySeriesOfAForgottenBackendLeavesAndThoseOfOthersStay() {
        BackendId other = new BackendId("default", "localhost:3002");
        metrics.backend(other, new FakeBackend()).circuitRejected();
        Set<String> before = Scrape.of(metrics).series().keySet();
        reportEverything(metrics.backend(BACKEND, gauges));
        assertThat(ofBackend()).hasSizeGreaterThan(60);

        metrics.forget(BACKEND);

        assertThat(ofBackend()).isEmpty();
        assertThat(ours(Scrape.of(metrics).series().keySet())).isEqualTo(ours(before));
        assertThat(Scrape.of(metrics).value("lb_circuit_rejected_total{backend=\"localhost:3002\",pool=\"default\"}"))
                .isEqualTo(1);
    }

    @Test
    void whatAForgottenBackendReportsLateIsCountedNowhere() {
        BackendRecorder late = metrics.backend(BACKEND, gauges);
        metrics.forget(BACKEND);

        reportEverything(late);

        assertThat(ofBackend()).isEmpty();
    }

    @Test
    void aForgottenBackendThatIsAddedAgainBeginsAtZeroWhateverTheOldOneStillReports() {
        BackendRecorder late = metrics.backend(BACKEND, gauges);
        reportEverything(late);
        metrics.forget(BACKEND);
        FakeBackend successor = new FakeBackend();
        successor.inFlight = 5;

        BackendRecorder present = metrics.backend(BACKEND, successor);
        reportEverything(late);

        assertThat(Scrape.of(metrics).series().entrySet())
                .filteredOn(series -> isOfBackend(series.getKey()) && isCount(series.getKey()))
                .hasSizeGreaterThan(60)
                .allSatisfy(series ->
                        assertThat(series.getValue()).as(series.getKey()).isZero());
        assertThat(Scrape.of(metrics).value("lb_backend_in_flight{" + OF_BACKEND + "}"))
                .isEqualTo(5);
        present.circuitRejected();
        assertThat(Scrape.of(metrics).value("lb_circuit_rejected_total{" + OF_BACKEND + "}"))
                .isEqualTo(1);
    }

    @Test
    void gaugesOfAForgottenBackendAreNotReadAnyMore() {
        metrics.backend(BACKEND, new FakeBackend() {
            @Override
            public CircuitState circuitState() {
                throw new AssertionError("read");
            }
        });
        metrics.forget(BACKEND);
        metrics.forget(BACKEND);

        assertThat(Scrape.of(metrics).series().keySet()).noneMatch(PrometheusMetricsTest::isOfBackend);
    }

    @Test
    void aForgottenRouteLeavesAndALateReportResurrectsNothing() {
        RouteRecorder late = metrics.route("/a");
        RouteRecorder other = metrics.route("/b");
        report(late, 200);
        report(other, 200);
        Set<String> others = new TreeSet<>(ours(Scrape.of(metrics).series().keySet()));
        others.removeIf(series -> series.contains("route=\"/a\""));

        metrics.forgetRoute("/a");
        report(late, 404);
        report(late, 999);

        assertThat(ours(Scrape.of(metrics).series().keySet())).isEqualTo(others);
        assertThat(Scrape.of(metrics).value("lb_request_duration_seconds_count{route=\"/b\"}"))
                .isEqualTo(3);
        metrics.route("/a");
        assertThat(Scrape.of(metrics).value("lb_request_duration_seconds_count{route=\"/a\"}"))
                .isZero();
        assertThat(Scrape.of(metrics).value("lb_requests_in_flight{route=\"/a\"}"))
                .isZero();
    }

    @Test
    void aForgottenPoolLeavesAndALateReportResurrectsNothing() {
        PoolRecorder late = metrics.pool("default");
        late.retried(true);

        metrics.forgetPool("default");
        late.retried(true);
        late.retried(false);
        late.retryBudgetExhausted();

        assertThat(Scrape.of(metrics).series().keySet()).noneMatch(series -> series.contains("pool="));
        metrics.pool("default");
        assertThat(Scrape.of(metrics).value(retries("success"))).isZero();
    }

    @Test
    void backendsMayComeAndGoDuringAScrape() throws Exception {
        Thread churn = new Thread(() -> {
            for (int i = 0; i < 300; i++) {
                reportEverything(metrics.backend(BACKEND, gauges));
                metrics.forget(BACKEND);
            }
        });
        churn.start();
        do {
            Scrape scrape = Scrape.of(metrics);
            assertThat(scrape.types()).containsKey("lb_build_info");
        } while (churn.isAlive());
        churn.join();

        assertThat(ofBackend()).isEmpty();
    }

    @Test
    void sameBackendAskedForAgainGoesOnCountingAndIsReadAnew() {
        metrics.backend(BACKEND, gauges).circuitRejected();
        FakeBackend successor = new FakeBackend();
        successor.inFlight = 9;

        metrics.backend(BACKEND, successor).circuitRejected();

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("lb_circuit_rejected_total{" + OF_BACKEND + "}"))
                .isEqualTo(2);
        assertThat(scrape.value("lb_backend_in_flight{" + OF_BACKEND + "}")).isEqualTo(9);
    }

    @Test
    void connectionsAndBytesAreCountedPerSide() {
        ConnectionRecorder downstream = metrics.connections(Side.DOWNSTREAM);
        ConnectionRecorder upstream = metrics.connections(Side.UPSTREAM);
        downstream.accepted();
        downstream.accepted();
        downstream.acceptFailed();
        downstream.opened();
        downstream.opened();
        downstream.closed();
        downstream.received(100);
        downstream.received(20);
        upstream.opened();
        upstream.sent(Integer.MAX_VALUE + 1L);

        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("lb_connections_accepted_total")).isEqualTo(2);
        assertThat(scrape.value("lb_accept_errors_total")).isEqualTo(1);
        assertThat(scrape.value("lb_connections{side=\"downstream\"}")).isEqualTo(1);
        assertThat(scrape.value("lb_connections{side=\"upstream\"}")).isEqualTo(1);
        assertThat(scrape.value("lb_received_bytes_total{side=\"downstream\"}")).isEqualTo(120);
        assertThat(scrape.value("lb_received_bytes_total{side=\"upstream\"}")).isZero();
        assertThat(scrape.value("lb_sent_bytes_total{side=\"upstream\"}")).isEqualTo(Integer.MAX_VALUE + 1L);
    }

    @Test
    void nothingIsLostBetweenThreads() throws Exception {
        int threads = 4;
        int each = 20_000;
        RouteRecorder route = metrics.route("/a");
        ConnectionRecorder connections = metrics.connections(Side.DOWNSTREAM);
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                try {
                    together.await(10, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int n = 0; n < each; n++) {
                    route.started();
                    connections.sent(3);
                    route.ended(200 + n % 5, MILLI);
                }
            });
            thread.start();
            running.add(thread);
        }
        for (Thread thread : running) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
        }

        Scrape scrape = Scrape.of(metrics);
        for (int code = 200; code < 205; code++) {
            assertThat(scrape.value(requests(Integer.toString(code)))).isEqualTo(threads * each / 5.0);
        }
        assertThat(scrape.value("lb_request_duration_seconds_count{route=\"/a\"}"))
                .isEqualTo(threads * each);
        assertThat(scrape.value("lb_requests_in_flight{route=\"/a\"}")).isZero();
        assertThat(scrape.value("lb_sent_bytes_total{side=\"downstream\"}")).isEqualTo(3.0 * threads * each);
    }

    @Test
    void aRequestAllocatesNothing() {
        RouteRecorder route = metrics.route("/a");
        BackendRecorder backend = metrics.backend(BACKEND, gauges);
        ConnectionRecorder connections = metrics.connections(Side.DOWNSTREAM);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        requests(route, backend, connections, 10_000);

        long before = threads.getCurrentThreadAllocatedBytes();
        requests(route, backend, connections, 10_000);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        // What the reading itself costs, far below one object per request.
        assertThat(allocated).isLessThan(10_000);
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "*/*",
                "text/plain",
                "application/json",
                "application/openmetrics-text;q=0",
                "application/openmetrics-text;q=0.2, text/plain",
                "application/openmetrics-text;q=x"
            })
    void plainTextForWhoeverDoesNotPreferOpenMetrics(@SuppressWarnings("NullAway") String accept) {
        assertThat(metrics.contentType(accept)).startsWith("text/plain; version=0.0.4");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/openmetrics-text",
                "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                "Application/OpenMetrics-Text; version=1.0.0"
            })
    void openMetricsForWhoeverPrefersIt(String accept) throws IOException {
        everythingOnce();
        String contentType = metrics.contentType(accept);
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        metrics.write(out, contentType);

        assertThat(contentType).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(out.toString(UTF_8)).contains("lb_requests_total{").endsWith("# EOF\n");
    }

    private void everythingOnce() {
        metrics.pool("default");
        metrics.queue("queue", () -> EMPTY_QUEUE);
        metrics.eventLoop(0, new FakeLoop());
        metrics.allocator(() -> 0, () -> 0);
        RouteRecorder route = metrics.route("/a");
        BackendRecorder backend = metrics.backend(BACKEND, gauges);
        requests(route, backend, metrics.connections(Side.DOWNSTREAM), 1);
    }

    private static void requests(RouteRecorder route, BackendRecorder backend, ConnectionRecorder side, int count) {
        for (int i = 0; i < count; i++) {
            route.started();
            side.received(200);
            backend.ended(Outcome.SUCCESS, MILLI);
            side.sent(300);
            route.ended(200, MILLI);
            route.rejected(RejectionReason.CIRCUIT_OPEN);
        }
    }

    /** Each kind of report once, with a change of state that nobody foresaw. */
    private static void reportEverything(BackendRecorder backend) {
        for (Outcome outcome : Outcome.values()) {
            backend.ended(outcome, MILLI);
        }
        for (CheckResult result : CheckResult.values()) {
            backend.healthChecked(result, MILLI);
        }
        BackendMeters.LEGAL_CHANGES.forEach(
                change -> backend.transition(new Transition(1, 0, change.from(), change.to(), change.reason(), 1)));
        backend.transition(
                new Transition(9, 0, CircuitState.HALF_OPEN, CircuitState.HALF_OPEN, Transition.Reason.RESTORED, 1));
        backend.circuitRejected();
        backend.tripRefused();
    }

    private static void report(RouteRecorder route, int status) {
        for (RejectionReason reason : RejectionReason.values()) {
            route.rejected(reason);
        }
        route.started();
        route.ended(status, MILLI);
        route.started();
        route.clientClosed(MILLI);
        route.started();
        route.ended(status, MILLI);
        route.started();
    }

    private List<String> ofBackend() {
        return Scrape.of(metrics).series().keySet().stream()
                .filter(PrometheusMetricsTest::isOfBackend)
                .toList();
    }

    private static boolean isOfBackend(String series) {
        return series.contains("backend=\"localhost:3001\"");
    }

    /** Everything but the gauges. */
    private static boolean isCount(String series) {
        return series.contains("_total{") || series.contains("_seconds_");
    }

    private static Set<String> ours(Set<String> series) {
        Set<String> ours = new TreeSet<>(series);
        ours.removeIf(name -> !name.startsWith("lb_"));
        return ours;
    }

    private static String checks(CheckResult result) {
        return "lb_health_checks_total{" + OF_BACKEND + ",result=\"" + result.label() + "\"}";
    }

    private static String retries(String result) {
        return "lb_retries_total{pool=\"default\",result=\"" + result + "\"}";
    }

    private static String reloads(String result) {
        return "lb_config_reloads_total{result=\"" + result + "\"}";
    }

    private static Set<String> labelNames(String series) {
        Set<String> names = new TreeSet<>();
        Pattern.compile("([a-z_]+)=\"").matcher(series).results().forEach(match -> names.add(match.group(1)));
        return names;
    }

    private static String requests(String code) {
        return "lb_requests_total{code=\"" + code + "\",route=\"/a\"}";
    }

    private static String rejection(String route, String reason) {
        return "lb_rejections_total{reason=\"" + reason + "\",route=\"" + route + "\"}";
    }

    private static String bucket(String bound) {
        return "lb_request_duration_seconds_bucket{le=\"" + bound + "\",route=\"/a\"}";
    }

    private static String transition(String from, String to, String reason) {
        return "lb_circuit_transitions_total{backend=\"localhost:3001\",from=\"" + from
                + "\",pool=\"default\",reason=\"" + reason + "\",to=\"" + to + "\"}";
    }

    private static final class FakeLoop implements EventLoopGauges {
        long lagNanos;
        int pendingTasks;

        @Override
        public long lagNanos() {
            return lagNanos;
        }

        @Override
        public int pendingTasks() {
            return pendingTasks;
        }
    }

    private static class FakeBackend implements BackendGauges {
        int inFlight;
        CircuitState state = CircuitState.CLOSED;
        boolean up = true;
        boolean healthy = true;

        @Override
        public int inFlight() {
            return inFlight;
        }

        @Override
        public CircuitState circuitState() {
            return state;
        }

        @Override
        public boolean up() {
            return up;
        }

        @Override
        public boolean healthy() {
            return healthy;
        }
    }
}
