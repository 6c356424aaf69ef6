package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Transition;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusPageTest {
    private static final Circuit CLOSED = new Circuit(CircuitState.CLOSED, 0, null, null, null, 0);

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
                        "a", new Circuit(CircuitState.OPEN, 3, FakeStatus.NOON, null, null, 1), List.of()))))
                .contains("<title>Breakwater: 1 of 1 circuit not closed</title>")
                .contains("opened by hand, until reset");
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
                new Change(
                        FakeStatus.NOON,
                        CircuitState.CLOSED,
                        CircuitState.OPEN,
                        Transition.Reason.CONSECUTIVE_FAILURES),
                new Change(
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

        assertThat(new String(new StatusPage(true).render(pools, null, FakeStatus.NOON, true), UTF_8))
                .contains("href=\"/metrics\"");
        assertThat(new String(new StatusPage(false).render(pools, null, FakeStatus.NOON, true), UTF_8))
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
        Backend backend = new Backend("a", "http://secret.internal:80", 0, 0, 0, 0, 0, CLOSED, List.of());

        assertThat(render(pool(backend))).doesNotContain("secret");
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
        return new String(new StatusPage(true).render(List.of(pool), whyNotReady, FakeStatus.NOON, reload), UTF_8);
    }
}
