package io.breakwater.server.contract;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Logged;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;

/** What a client shows to a backend, and an operator to the admin port, stands in nothing that the balancer says. */
class SecretsTest {
    private static final String TOKEN = "admin-t0ken";
    private static final String REQUEST = String.join(
            "\r\n",
            "GET /x?key=masked-0ne HTTP/1.1",
            "Host: h",
            "Authorization: Bearer client-t0ken",
            "Proxy-Authorization: Basic pr0xy",
            "Cookie: session=c00kie",
            "X-Api-Key: api-k3y",
            "\r\n");
    private static final String RESPONSE =
            "HTTP/1.1 500 X\r\nSet-Cookie: session=set-c00kie\r\nContent-Length: 6\r\n\r\nb0dy-1";
    private static final List<String> SECRETS =
            List.of(TOKEN, "client-t0ken", "pr0xy", "c00kie", "api-k3y", "masked-0ne", "set-c00kie", "b0dy-1");
    private static final List<String> PAGES = List.of(
            "/",
            "/livez",
            "/readyz",
            "/metrics",
            "/api/v1/pools",
            "/api/v1/traffic",
            "/api/v1/config",
            "/api/v1/incidents",
            "/api/v1/explain?pool=default",
            "/api/v1/explain?path=/x");

    @ParameterizedTest
    @ValueSource(strings = {"json", "combined"})
    void nothingSaysThem(String format, @TempDir Path directory) throws Exception {
        Path log = directory.resolve("access.log");
        try (Logged logged = Logged.by(Logger.ROOT_LOGGER_NAME);
                ScriptedBackend backend = ScriptedBackend.start().answer(Answers.bytes(RESPONSE));
                Proxy proxy = Proxy.start(Conf.everything(
                        backend.url(),
                        "lb.admin.token = " + TOKEN,
                        "lb.access-log { format = " + format + ", file = \"" + log + "\", mask-query = [key] }"));
                RawClient client = proxy.connect()) {
            for (int i = 0; i < 4; i++) {
                client.send(REQUEST).read(); // opens the circuit
            }
            wrongToken(proxy);
            eventually(() -> assertThat(Files.readAllLines(log)).hasSize(4));
            eventually(() -> assertThat(proxy.incidents()).isNotEmpty());

            assertThat(backend.requests().get(0).field("X-Api-Key")).isEqualTo("api-k3y");
            assertSilent("the access log", Files.readString(log));
            assertSilent("the log", String.join("\n", logged.lines()));
            for (String page : PAGES) {
                HttpMessage answer = proxy.admin(page);
                assertThat(answer.status()).as(page).isEqualTo(200);
                assertSilent(page, answer.head() + answer.text());
            }
        }
    }

    private static void wrongToken(Proxy proxy) throws Exception {
        try (RawClient admin = RawClient.connect(proxy.adminPort())) {
            HttpMessage refused = admin.send("POST /api/v1/reload HTTP/1.1\r\nHost: localhost\r\n"
                            + "Authorization: Bearer " + TOKEN + "x\r\n\r\n")
                    .read();
            assertThat(refused.status()).isEqualTo(401);
            assertSilent("the refusal", refused.head() + refused.text());
        }
    }

    private static void assertSilent(String what, String text) {
        for (String secret : SECRETS) {
            assertThat(text).as(what).doesNotContain(secret);
        }
    }
}
