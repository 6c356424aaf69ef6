package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the API says of the traffic of the last minutes. */
@Timeout(60)
class TrafficTest {
    private final ManualTicker ticker = new ManualTicker(-2_000_000_000L);

    private static Config only(Proxy proxy) {
        return ConfigFactory.parseString(proxy.admin("/api/v1/traffic").text())
                .getConfigList("pools")
                .get(0);
    }

    private static List<Double> rates(Config of) {
        return of.getDoubleList("requestsPerSecond");
    }

    /** Lets an interval pass, and returns when it has been sampled, as this many samples of the pool show. */
    private Config interval(Proxy proxy, int samples) {
        proxy.settle();
        ticker.advance(Duration.ofSeconds(5));
        eventually(() -> assertThat(rates(only(proxy))).hasSize(samples));
        return only(proxy);
    }

    @Test
    void attemptsAreShownAsTheyWereAndStayOverAReload() throws IOException {
        try (ScriptedBackend one = ScriptedBackend.start();
                ScriptedBackend two = ScriptedBackend.start();
                Proxy proxy = Proxy.start(Conf.everything(one.url(), Conf.PATIENT), ticker)) {
            one.answer(Answers.ok("served"));
            two.answer(Answers.ok("served"));
            assertThat(rates(only(proxy))).isEmpty();

            for (int i = 0; i < 9; i++) {
                proxy.get("/a");
            }
            one.answer(Answers.status(500));
            proxy.get("/a");
            Config pool = interval(proxy, 1);

            assertThat(pool.getString("name")).isEqualTo("default");
            assertThat(rates(pool)).containsExactly(2.0);
            assertThat(pool.getDoubleList("errorRate")).containsExactly(0.1);
            // Time stands still, so that all are in the first bucket.
            assertThat(pool.getDoubleList("p50Millis")).containsExactly(0.5);
            assertThat(pool.getDoubleList("p99Millis")).containsExactly(0.99);
            Config backend = pool.getConfigList("backends").get(0);
            assertThat(backend.getString("id")).isEqualTo("127.0.0.1:" + one.port());
            assertThat(rates(backend)).containsExactly(2.0);
            assertThat(backend.getDoubleList("errorRate")).containsExactly(0.1);

            proxy.reload(Conf.everything(new String[] {two.url(), one.url()}, Conf.PATIENT));
            pool = interval(proxy, 2);
            assertThat(rates(pool.getConfigList("backends").get(0))).isEmpty();
            assertThat(rates(pool.getConfigList("backends").get(1))).containsExactly(2.0, 0.0);

            proxy.reload(Conf.everything(two.url(), Conf.PATIENT));
            for (int i = 0; i < 5; i++) {
                proxy.get("/a");
            }
            pool = interval(proxy, 3);
            assertThat(pool.getConfigList("backends")).hasSize(1);
            assertThat(rates(pool.getConfigList("backends").get(0))).containsExactly(1.0);
            assertThat(rates(pool)).containsExactly(2.0, 0.0, 1.0);
        }
    }

    @Test
    void withoutMetricsThereAreRatesAndNoLatencies() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(
                        Conf.everything(backend.url(), Conf.PATIENT, "lb.metrics.enabled = false"), ticker)) {
            backend.answer(Answers.ok("served"));
            proxy.get("/a");
            Config pool = interval(proxy, 1);

            assertThat(rates(pool)).containsExactly(0.2);
            assertThat(pool.getDoubleList("errorRate")).containsExactly(0.0);
            assertThat(proxy.admin("/api/v1/traffic").text()).contains("\"p50Millis\":[null],\"p99Millis\":[null]");
        }
    }
}
