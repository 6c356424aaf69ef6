package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Metrics;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nobody can fill a Prometheus from outside: what clients send makes no series. */
@Timeout(60)
class CardinalityTest {
    private static final int OF_EACH = 500;

    @Test
    void noRequestMakesASeriesButTheFirstOfItsStatus() throws IOException {
        try (ScriptedBackend backend = ScriptedBackend.start();
                Proxy proxy = Proxy.start(
                        Conf.everything(
                                backend.url(),
                                "lb.routes = [ { name = all, host = \"*.lb.test\", prefix = \"/\", pool = default },"
                                        + " { name = reads, host = reads, prefix = \"/\", methods = [GET], pool = default } ]"))) {
            backend.answer(Answers.ok("served"));
            Set<String> before = series(proxy);

            try (RawClient client = proxy.connect()) {
                for (int i = 0; i < OF_EACH; i++) {
                    // Served, whatever it says.
                    client.send("M" + i + " /p" + i + "/%" + Integer.toHexString(0x61 + i % 20) + "?q" + i + "=" + i
                            + " HTTP/1.1\r\nHost: h" + i + ".lb.test\r\nX-H" + i + ": " + i + "\r\nTraceparent: 00-"
                            + "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0" + i % 10 + "\r\nX-Request-Id: " + i
                            + "\r\n\r\n");
                    assertThat(client.read().status()).isEqualTo(200);
                    // No route, and not with this method.
                    client.send("GET /p" + i + " HTTP/1.1\r\nHost: n" + i + "\r\n\r\n");
                    assertThat(client.read().status()).isEqualTo(404);
                    client.send("M" + i + " /p" + i + " HTTP/1.1\r\nHost: reads\r\n\r\n");
                    assertThat(client.read().status()).isEqualTo(405);
                }
            }
            Random random = new Random(7);
            for (int i = 0; i < OF_EACH; i++) {
                byte[] garbage = new byte[40];
                random.nextBytes(garbage);
                String text = new String(garbage, StandardCharsets.ISO_8859_1);
                try (RawClient client = proxy.connect()) {
                    client.send((i % 2 == 0 ? text : "GET /" + i + " HTTP/1.1\r\nHost: " + text) + "\r\n\r\n");
                    assertThat(client.read().status()).isBetween(400, 505);
                }
            }

            eventually(() -> assertThat(proxy.metric("lb_requests_total")).isEqualTo(4 * OF_EACH));
            assertThat(series(proxy)).isEqualTo(before);
            assertThat(proxy.metrics().series("lb_requests_total"))
                    .allMatch(labels ->
                            labels.matches("\\{code=([1-5]\\d\\d|client_closed), route=(all|reads|none|health)}"));
        }
    }

    /** Ours, those with an exact status left out. */
    private static Set<String> series(Proxy proxy) {
        Metrics metrics = proxy.metrics();
        Set<String> series = new TreeSet<>();
        for (String name : metrics.names()) {
            if (name.startsWith("lb_") && !name.equals("lb_requests_total")) {
                metrics.series(name).forEach(labels -> series.add(name + labels));
            }
        }
        return series;
    }
}
