package io.breakwater.server.replay;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.health.Outcome;
import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LbConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** A made-up access log, and what is said of it. Its clock begins at 12:00:00. NOT thread safe. */
final class Recorded {
    private static final Instant NOON = Instant.parse("2026-01-05T12:00:00Z");

    private final List<String> lines = new ArrayList<>();
    private long atMillis;

    /** Goes on by so much. */
    Recorded pause(long millis) {
        atMillis += millis;
        return this;
    }

    /** The next call of backend a:80 in pool web begins and ends so much later. */
    Recorded call(Outcome outcome, double millis) {
        atMillis += Math.round(millis);
        return line(outcome, millis);
    }

    /** So many calls of 10 ms, one after the other, 100 ms apart. */
    Recorded calls(int count, Outcome outcome) {
        for (int i = 0; i < count; i++) {
            call(outcome, 10).pause(90);
        }
        return this;
    }

    private Recorded line(Outcome outcome, double millis) {
        return text(
                "{\"time\":\"%s\",\"route\":\"all\",\"pool\":\"web\",\"backend\":\"a:80\",\"status\":200,\"attempts\":1,\"outcome\":\"%s\",\"durationMillis\":%s}"
                        .formatted(time(), outcome.label(), String.format(Locale.ROOT, "%.3f", millis)));
    }

    /** A request that an open circuit turned away. */
    Recorded rejected() {
        return text(("{\"time\":\"%s\",\"route\":\"all\",\"pool\":\"web\",\"backend\":null,\"status\":503,"
                        + "\"reason\":\"circuit_open\",\"attempts\":0,\"outcome\":null,\"durationMillis\":0.1}")
                .formatted(time()));
    }

    /** A line as it is. */
    Recorded text(String line) {
        lines.add(line);
        return this;
    }

    /** The time on the log's clock. */
    String time() {
        return NOON.plusMillis(atMillis).toString();
    }

    Recorded shuffled(long seed) {
        Collections.shuffle(lines, new Random(seed));
        return this;
    }

    ByteArrayInputStream stream() {
        return new ByteArrayInputStream((String.join("\n", lines) + "\n").getBytes(UTF_8));
    }

    /** What the command says of it with these breaker settings, without its first line's name. */
    String report(boolean suggest, String... breaker) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Replay(config(breaker), new PrintStream(out, true, UTF_8)).run(stream(), "a.log", suggest);
        return out.toString(UTF_8);
    }

    RecordedTraffic traffic() {
        try {
            return RecordedTraffic.read(stream(), config());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static LbConfig config(String... breaker) {
        String text = """
                lb.routes = [ { prefix = "/", pool = web } ]
                lb.pools.web.backends = [ "http://a:80", "http://b:80" ]
                """;
        for (String setting : breaker) {
            text += "lb.pools.web.breaker." + setting + "\n";
        }
        try {
            return new ConfigLoader(Map.of(), () -> Long.MAX_VALUE)
                    .parse(text, "test", List.of())
                    .config();
        } catch (ConfigProblems e) {
            throw new IllegalArgumentException(e);
        }
    }
}
