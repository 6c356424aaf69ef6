package io.breakwater.server.fallback;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** A balancer whose route {@code all} queues writes, before one backend whose first failure opens its circuit. */
final class Writes implements AutoCloseable {
    final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(1).toNanos());
    final ScriptedBackend backend = ScriptedBackend.start();
    private final Path directory;
    Proxy proxy;

    private Writes(Path directory, String fallbacks, String[] settings) {
        this.directory = directory;
        this.proxy = Proxy.start(conf(fallbacks, settings), ticker);
    }

    /** With nothing but a queue. */
    static Writes queued(Path directory, String... settings) {
        return new Writes(directory, queue(directory), settings);
    }

    /** With this chain. */
    static Writes chain(Path directory, String fallbacks, String... settings) {
        return new Writes(directory, fallbacks, settings);
    }

    /** The queue, with these further keys. */
    static String queue(Path directory, String... keys) {
        return "{ type = queue, dir = \"" + directory + "\" " + String.join(" ", keys) + " }";
    }

    String conf(String fallbacks, String... settings) {
        return Conf.everything(
                backend.url(),
                Conf.PATIENT,
                "lb.pools.default.breaker { consecutive-failures = 1, cooldown = 5s }",
                "lb.routes = [ { name = all, prefix = \"/\", pool = default, fallback = [" + fallbacks + "] } ]",
                String.join("\n", settings));
    }

    /** The balancer ends, and another one begins. */
    Writes restart(String... settings) {
        proxy.close();
        proxy = Proxy.start(conf(queue(directory), settings), ticker);
        return this;
    }

    /** The circuit opens, and the backend goes on failing. */
    Writes open() {
        backend.answer(Answers.status(500));
        proxy.get("/opens");
        assertThat(proxy.circuit("default", backend)).isEqualTo("open");
        return this;
    }

    /** The backend is well from now on. */
    Writes heal() {
        backend.answer(Answers.ok("done"));
        return this;
    }

    static String post(String target, String body, String... fields) {
        return write("POST", target, body, fields);
    }

    static String write(String method, String target, String body, String... fields) {
        StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: lb.test\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        return request.append("Content-Length: ")
                .append(body.length())
                .append("\r\n\r\n")
                .append(body)
                .toString();
    }

    /** The response to these bytes on a connection of their own. */
    HttpMessage send(String bytes) {
        return proxy.request(bytes);
    }

    /** Waits until the backend has read so many requests other than the one that opened the circuit; time passes quickly. */
    List<HttpMessage> replayed(int count) {
        eventually(() -> {
            ticker.advance(Duration.ofSeconds(1));
            assertThat(atBackend()).hasSizeGreaterThanOrEqualTo(count);
        });
        return atBackend();
    }

    List<HttpMessage> atBackend() {
        return backend.requests().stream()
                .filter(request -> !request.target().equals("/opens"))
                .toList();
    }

    /** What the URL of a 202 says now. */
    Config status(HttpMessage accepted) {
        return ConfigFactory.parseString(
                proxy.get(Objects.requireNonNull(accepted.field("Location"))).text());
    }

    /** Waits until a request is in this state; time passes quickly. */
    Config awaitState(HttpMessage accepted, String state) {
        eventually(() -> {
            ticker.advance(Duration.ofSeconds(1));
            assertThat(status(accepted).getString("state")).isEqualTo(state);
        });
        return status(accepted);
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        backend.close();
    }
}
