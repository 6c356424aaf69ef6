package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.Transition;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.admin.StatusView.AdminState;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import io.breakwater.server.admin.StatusView.Window;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusPageTest {
    private static final Circuit CLOSED = FakeStatus.circuit(CircuitState.CLOSED, 0, null, null, null, 0);

    @Test
    void everyBackendShowsItsStateAsAWordAndWhatComesNext() {
        String page = render(FakeStatus.threeReplicas());

        assertThat(page)
                .contains("<h2>Pool default</h2>")
                .containsSubsequence(
                        "<li class=\"closed\">",
                        "</span>closed</p>",
                        "<h3>localhost:3001</h3>",
                        "1 failure in a row",
                        "<li class=\"half-open\">",
                        "</span>half-open</p>",
                        "<h3>localhost:3002</h3>",
                        "a probe decides",
                        "<li class=\"open\">",
                        "</span>open</p>",
                        "<h3>localhost:3003</h3>",
                        "tries again in 3 s",
                        "<dt>Requests</dt><dd>120</dd>",
                        "<dt>Failed</dt><dd>15</dd>",
                        "<dt>Refused</dt><dd>7</dd>",
                        "<dt>In flight</dt><dd>2</dd>");
    }

    @Test
    void titleSaysWhetherSomethingIsWrong() {
        assertThat(render(FakeStatus.threeReplicas()))
                .contains("<title>Breakwater: 2 of 3 circuits not closed</title>");
        assertThat(render(pool(FakeStatus.backend("a", CLOSED, List.of()))))
                .contains("<title>Breakwater: all circuits closed</title>")
                .contains("no failures in a row");
        assertThat(render(pool(FakeStatus.backend(
                        "a", FakeStatus.circuit(CircuitState.OPEN, 3, FakeStatus.NOON, null, null, 1), List.of()))))
                .contains("<title>Breakwater: 1 of 1 circuit not closed</title>")
                .contains("opened by hand, until reset");
    }

    @Test
    void aWindowShowsItsCallsAndRates() {
        Circuit closed = FakeStatus.windowed(CircuitState.CLOSED, 40, 6, 10, null);
        Circuit tooFew = new Circuit(
                CircuitState.CLOSED, 1, null, null, null, 0, new Window(new WindowCounts(2, 1, 0), null, null), null);

        assertThat(render(pool(FakeStatus.backend("a", closed, List.of()))))
                .contains("of 40 calls 6 failed (15 %), 10 were slow (25 %)")
                .doesNotContain("observed");
        assertThat(render(pool(FakeStatus.backend("a", tooFew, List.of()))))
                .contains("of 2 calls 1 failed, 0 were slow");
    }

    @Test
    void aCircuitThatOnlyObservesSaysWhatItWouldDoAndAlarmsNobody() {
        Circuit open = FakeStatus.windowed(CircuitState.OPEN, 20, 12, 0, new Observed(17, 4, 12, 30_999_999_999L));

        assertThat(render(pool(FakeStatus.backend("a", open, List.of()))))
                .contains("<title>Breakwater: all circuits closed</title>")
                .containsSubsequence(
                        "<li class=\"open observed\">",
                        "</span>open, only observed</p>",
                        "would try again in 3 s",
                        "of 20 calls 12 failed (60 %), 0 were slow (0 %)",
                        "would have refused 17: 12 that failed (30 s saved), 4 that succeeded");
    }

    @Test
    void everyBackendShowsAdminStateHealthWeightPriorityAndShare() {
        Backend usual = FakeStatus.backend("a", CLOSED, List.of());
        Backend unusual = new Backend(
                "b",
                "http://b",
                30,
                2,
                AdminState.DRAINING,
                HealthStatus.UNHEALTHY,
                false,
                0,
                0,
                0,
                0,
                0,
                0.256,
                CLOSED,
                List.of());
        Backend suspect = new Backend(
                "c",
                "http://c",
                1,
                0,
                AdminState.ENABLED,
                HealthStatus.UNHEALTHY,
                true,
                0,
                0,
                0,
                0,
                0,
                1,
                CLOSED,
                List.of());

        String page = render(new Pool("default", CircuitState.CLOSED, "hash path", List.of(usual, unusual, suspect)));

        assertThat(page)
                .contains("<title>Breakwater: all circuits closed, 2 unhealthy, 1 drained or disabled</title>")
                .containsSubsequence(
                        "hash path",
                        "<h3>a</h3>",
                        "<p class=\"detail\">enabled, not checked</p>",
                        "<dt>Share</dt><dd>100 %</dd>",
                        "<dt>Weight</dt><dd>1</dd>",
                        "<dt>Priority</dt><dd>0</dd>",
                        "<h3>b</h3>",
                        "<strong>draining</strong>, <strong>health unhealthy</strong>",
                        "<dt>Share</dt><dd>26 %</dd>",
                        "<dt>Weight</dt><dd>30</dd>",
                        "<dt>Priority</dt><dd>2</dd>",
                        "<h3>c</h3>",
                        "enabled, <strong>suspect, kept as the last one</strong>");
    }

    @Test
    void hasNoButtonsWhereABrowserMayNotWrite() {
        assertThat(render(FakeStatus.threeReplicas())).doesNotContain("<form", "<button");
    }

    @Test
    void buttonsOfferWhatWouldChangeSomething() {
        Circuit tripped = FakeStatus.circuit(CircuitState.OPEN, 0, FakeStatus.NOON, Transition.Reason.MANUAL, null, 1);

        assertThat(actions(FakeStatus.backend("a", CLOSED, List.of()))).containsExactly("drain", "disable", "trip");
        assertThat(actions(FakeStatus.backend("a", AdminState.DRAINING, HealthStatus.HEALTHY, CLOSED, List.of())))
                .containsExactly("enable", "disable", "trip");
        assertThat(actions(FakeStatus.backend("a", AdminState.DISABLED, HealthStatus.UNCHECKED, tripped, List.of())))
                .containsExactly("enable", "drain", "reset");
        Circuit failing = FakeStatus.circuit(CircuitState.CLOSED, 1, null, null, null, 0);
        assertThat(actions(FakeStatus.backend("a", failing, List.of())))
                .containsExactly("drain", "disable", "trip", "reset");
        Circuit counting = FakeStatus.windowed(CircuitState.CLOSED, 1, 0, 0, null);
        assertThat(actions(FakeStatus.backend("a", counting, List.of())))
                .containsExactly("drain", "disable", "trip", "reset");
        Circuit counted = FakeStatus.windowed(CircuitState.CLOSED, 0, 0, 0, null);
        assertThat(actions(FakeStatus.backend("a", counted, List.of()))).containsExactly("drain", "disable", "trip");
    }

    @Test
    void buttonsAreFormsWhosePathsAreEncoded() {
        Pool pool = new Pool(
                "a b/\"c\"",
                CircuitState.CLOSED,
                "round-robin",
                List.of(FakeStatus.backend("x@[::1]:82", CLOSED, List.of())));

        assertThat(new String(new StatusPage(true).render(List.of(pool), null, FakeStatus.NOON, true, true), UTF_8))
                .containsSubsequence(
                        "<form method=\"post\">",
                        "<button formaction=\"/api/v1/pools/a%20b%2F%22c%22/backends/x%40%5B%3A%3A1%5D%3A82/drain?page\""
                                + " aria-label=\"drain x@[::1]:82\">drain</button>",
                        "</form>");
    }

    private static List<String> actions(Backend backend) {
        String page = new String(
                new StatusPage(true).render(List.of(pool(backend)), null, FakeStatus.NOON, true, true), UTF_8);
        return Pattern.compile("/backends/a/([a-z]+)\\?page")
                .matcher(page)
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    @Test
    void changesOfAllBackendsStandTheLatestFirst() {
        assertThat(render(FakeStatus.threeReplicas()))
                .containsSubsequence(
                        "<h2>Latest changes</h2>",
                        "<time datetime=\"2026-01-01T11:59:57Z\">11:59:57</time>"
                                + " <b>default/localhost:3003</b> closed \u2192 open <i>consecutive failures</i>",
                        "11:59:55</time> <b>default/localhost:3002</b> open \u2192 half-open <i>cooldown elapsed</i>",
                        "11:59:50</time> <b>default/localhost:3002</b> closed \u2192 open <i>consecutive failures</i>");
        assertThat(render(pool(FakeStatus.backend("a", CLOSED, List.of())))).contains("none yet");
    }

    @Test
    void loadsItselfAgainEveryTwoSecondsUnlessPaused() {
        String refresh = "<meta http-equiv=\"refresh\" content=\"2\">";

        assertThat(page(FakeStatus.threeReplicas(), null, true)).contains(refresh, "<a href=\"/?pause\">");
        assertThat(page(FakeStatus.threeReplicas(), null, false))
                .doesNotContain(refresh)
                .contains("<a href=\"/\">");
    }

    @Test
    void changesOfTheSameMomentStandTheLatestFirst() {
        List<Change> changes = List.of(
                FakeStatus.change(
                        FakeStatus.NOON,
                        CircuitState.CLOSED,
                        CircuitState.OPEN,
                        Transition.Reason.CONSECUTIVE_FAILURES),
                FakeStatus.change(
                        FakeStatus.NOON,
                        CircuitState.OPEN,
                        CircuitState.HALF_OPEN,
                        Transition.Reason.COOLDOWN_ELAPSED));

        assertThat(render(pool(FakeStatus.backend("a", CLOSED, changes))))
                .containsSubsequence("open \u2192 half-open", "closed \u2192 open");
    }

    @Test
    void linksToTheMetricsOnlyWhenThereAreAny() {
        List<Pool> pools = List.of(FakeStatus.threeReplicas());

        assertThat(new String(new StatusPage(true).render(pools, null, FakeStatus.NOON, true, false), UTF_8))
                .contains("href=\"/metrics\"");
        assertThat(new String(new StatusPage(false).render(pools, null, FakeStatus.NOON, true, false), UTF_8))
                .doesNotContain("/metrics");
    }

    @Test
    void saysWhetherItIsReady() {
        assertThat(page(FakeStatus.threeReplicas(), null, true)).contains("Ready at");
        assertThat(page(FakeStatus.threeReplicas(), "draining", true)).contains("Not ready (draining) at");
    }

    @Test
    void whatTheConfigurationNamesIsEscaped() {
        Pool pool = new Pool(
                "<script>alert('x')</script>&\"",
                CircuitState.CLOSED,
                "round-robin",
                List.of(FakeStatus.backend("%s<b>", CLOSED, List.of())));

        assertThat(render(pool))
                .doesNotContain("<script", "<b>")
                .contains("Pool &lt;script&gt;alert('x')&lt;/script&gt;&amp;&quot;", "<h3>%s&lt;b&gt;</h3>");
    }

    @Test
    void showsNoUrlsForItIsOpenToAnybody() {
        Backend backend = new Backend(
                "a",
                "http://secret.internal:80",
                1,
                0,
                AdminState.ENABLED,
                HealthStatus.HEALTHY,
                false,
                0,
                0,
                0,
                0,
                0,
                1,
                CLOSED,
                List.of());

        assertThat(render(pool(backend))).contains("health healthy").doesNotContain("secret");
    }

    @Test
    void hasNoScriptAndNoInlineStyleSoThatThePolicyHolds() {
        assertThat(render(FakeStatus.threeReplicas()))
                .doesNotContain("<script", "style=", "<style", "onclick", "http://");
    }

    private static Pool pool(Backend backend) {
        return new Pool("default", backend.circuit().state(), "round-robin", List.of(backend));
    }

    private static String render(Pool pool) {
        return page(pool, null, true);
    }

    private static String page(Pool pool, @Nullable String whyNotReady, boolean reload) {
        return new String(
                new StatusPage(true).render(List.of(pool), whyNotReady, FakeStatus.NOON, reload, false), UTF_8);
    }
}
