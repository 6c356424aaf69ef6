package io.breakwater.server.replay;

import static io.breakwater.health.Outcome.FAILURE_STATUS;
import static io.breakwater.health.Outcome.RESPONSE_TIMEOUT;
import static io.breakwater.health.Outcome.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.server.replay.Suggestions.Tried;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SuggestionsTest {

    /** 30 s that are well, 60 s in which 7 of 10 fail at random, 30 s that are well. */
    private static Recorded brownOut() {
        Random random = new Random(3);
        Recorded log = new Recorded().calls(300, SUCCESS);
        for (int i = 0; i < 600; i++) {
            log.calls(1, random.nextInt(10) < 7 ? FAILURE_STATUS : SUCCESS);
        }
        return log.calls(300, SUCCESS);
    }

    private static BreakerConfig breaker(String... settings) {
        return Objects.requireNonNull(Recorded.config(settings).pools().get("web"))
                .breaker();
    }

    private static List<Tried> ranked(Recorded log, BreakerConfig current) {
        return new Suggestions(new PoolReplay(log.traffic().calls()), current).ranked();
    }

    @Test
    void aBetterSettingIsFoundForABrownOut() throws IOException {
        String[] blind = {"consecutive-failures = 1000"};
        Recorded log = brownOut();
        PoolReplay pool = new PoolReplay(log.traffic().calls());
        Tried best = ranked(log, breaker(blind)).get(0);

        assertThat(pool.figures(breaker(blind)).missedOutages()).isEqualTo(1);
        assertThat(pool.figures(breaker(blind)).score()).isZero();
        assertThat(best.figures().score()).isPositive();
        assertThat(best.figures().missedOutages()).isZero();
        assertThat(pool.figures(best.config())).usingRecursiveComparison().isEqualTo(best.figures());

        String report = log.report(true, blind);
        assertThat(report)
                .contains("pool web: the best of ")
                .containsPattern("  now +0\\.0 +0 +0 +0 +0 +1/1  consecutive-failures 1000, cooldown 5s\n")
                .containsPattern("\n +5 ")
                .contains("lb.pools.web.breaker {\n");
    }

    @Test
    void whatIsPrintedForTheFileIsWhatWasReplayed() throws IOException {
        Recorded log = brownOut();
        String[] blind = {"consecutive-failures = 1000"};
        Tried best = ranked(log, breaker(blind)).get(0);
        String report = log.report(true, blind);
        String start = "lb.pools.web.breaker {\n";
        int from = report.indexOf(start) + start.length();
        String[] settings = report.substring(from, report.indexOf("\n}\n", from))
                .lines()
                .map(String::strip)
                .toArray(String[]::new);

        assertThat(new PoolReplay(log.traffic().calls()).figures(breaker(settings)))
                .usingRecursiveComparison()
                .isEqualTo(best.figures());
    }

    @Test
    void allRanksAreInOrder() {
        List<Tried> ranked = ranked(brownOut(), breaker());

        assertThat(ranked).extracting(each -> -each.figures().score()).isSorted();
        assertThat(ranked).extracting(Tried::config).doesNotHaveDuplicates();
    }

    @Test
    void whereNothingFailsNothingIsBetter() throws IOException {
        assertThat(new Recorded().calls(100, SUCCESS).report(true))
                .contains("none is better than what is configured")
                .doesNotContain("breaker {");
    }

    @Test
    void slowCallsAreJudgedOnlyWhereThereAreSome() {
        Recorded log = new Recorded().calls(200, SUCCESS);
        assertThat(ranked(log, breaker()))
                .extracting(each -> each.config().window().slowCallRate())
                .containsOnly(1.0);

        for (int i = 0; i < 100; i++) {
            log.call(SUCCESS, 900);
        }
        for (int i = 0; i < 20; i++) {
            log.call(RESPONSE_TIMEOUT, 1_000);
        }
        List<Tried> ranked = ranked(log, breaker("consecutive-failures = 10"));
        assertThat(ranked.get(0).config().window().slowCallRate()).isEqualTo(0.5);
        assertThat(ranked.get(0).figures().tally().rejectedFailed()).isGreaterThan(15);
        assertThat(ranked.get(0).figures().tally().rejectedSlow()).isPositive();
    }
}
