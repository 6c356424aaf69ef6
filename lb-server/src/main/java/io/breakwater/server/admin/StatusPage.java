package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The circuits as a page, without scripts. It is open to whoever reaches the port, so it shows no more than the metrics
 * do: no URLs.
 */
final class StatusPage {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final int CHANGES_SHOWN = 20;

    private final boolean metricsOn;

    /**
     * @param metricsOn there is a page of metrics to link to
     */
    StatusPage(boolean metricsOn) {
        this.metricsOn = metricsOn;
    }

    /**
     * Renders the page.
     *
     * @param reload the page loads itself again every two seconds
     */
    byte[] render(List<Pool> pools, @Nullable String whyNotReady, Instant now, boolean reload) {
        long backends = pools.stream().mapToLong(pool -> pool.backends().size()).sum();
        long closed = pools.stream()
                .flatMap(pool -> pool.backends().stream())
                .filter(backend -> backend.circuit().state() == CircuitState.CLOSED)
                .count();
        String summary = closed == backends
                ? "all circuits closed"
                : (backends - closed) + " of " + backends + (backends == 1 ? " circuit" : " circuits") + " not closed";
        return """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                %s<title>Breakwater: %s</title>
                <link rel="stylesheet" href="/style.css">
                <link rel="icon" href="/icon.svg" type="image/svg+xml">
                </head>
                <body>
                <header>
                <h1>Breakwater</h1>
                <p class="summary">%s</p>
                <p class="now">%s at %s UTC, %s</p>
                </header>
                <main>
                %s%s</main>
                <footer>%s<a href="/api/v1/pools">Pools as JSON</a></footer>
                </body>
                </html>
                """.formatted(
                        reload ? "<meta http-equiv=\"refresh\" content=\"2\">\n" : "",
                        summary,
                        summary,
                        whyNotReady == null ? "Ready" : "Not ready (" + escaped(whyNotReady) + ")",
                        time(now),
                        reload ? "<a href=\"/?pause\">pause</a>" : "paused: <a href=\"/\">go on</a>",
                        pools.stream().map(StatusPage::pool).collect(Collectors.joining()),
                        changes(pools),
                        metricsOn ? "<a href=\"/metrics\">Metrics</a> " : "")
                .getBytes(UTF_8);
    }

    private static String pool(Pool pool) {
        return """
                <section>
                <h2>Pool %s</h2>
                <ul class="backends">
                %s</ul>
                </section>
                """.formatted(
                        escaped(pool.name()),
                        pool.backends().stream().map(StatusPage::backend).collect(Collectors.joining()));
    }

    private static String backend(Backend backend) {
        Circuit circuit = backend.circuit();
        return """
                <li class="%s">
                <p class="state"><span class="shape" aria-hidden="true"></span>%s</p>
                <h3>%s</h3>
                <p class="detail">%s</p>
                <dl>
                <div><dt>Requests</dt><dd>%d</dd></div>
                <div><dt>Failed</dt><dd>%d</dd></div>
                <div><dt>Refused</dt><dd>%d</dd></div>
                <div><dt>In flight</dt><dd>%d</dd></div>
                </dl>
                </li>
                """.formatted(
                        circuit.state().label(),
                        circuit.state().label(),
                        escaped(backend.id()),
                        detail(circuit),
                        backend.requests(),
                        backend.failures(),
                        backend.rejected(),
                        backend.inFlight());
    }

    private static String detail(Circuit circuit) {
        return switch (circuit.state()) {
            case CLOSED ->
                circuit.consecutiveFailures() == 0
                        ? "no failures in a row"
                        : circuit.consecutiveFailures()
                                + (circuit.consecutiveFailures() == 1 ? " failure" : " failures") + " in a row";
            case OPEN ->
                circuit.retryAfterSeconds() == null
                        ? "opened by hand, until reset"
                        : "tries again in " + circuit.retryAfterSeconds() + " s";
            case HALF_OPEN -> "a probe decides";
        };
    }

    private static String changes(List<Pool> pools) {
        record Line(String backend, Change change) {}
        List<Line> all = pools.stream()
                .flatMap(pool -> pool.backends().stream()
                        .flatMap(backend -> backend.changes().stream()
                                .map(change -> new Line(pool.name() + "/" + backend.id(), change))))
                .collect(Collectors.toCollection(ArrayList::new));
        // Turned round first, for the sort leaves changes of the same moment as they stand.
        Collections.reverse(all);
        String lines = all.stream()
                .sorted(Comparator.comparing((Line line) -> line.change().at()).reversed())
                .limit(CHANGES_SHOWN)
                .map(line -> "<li>%s <b>%s</b> %s \u2192 %s <i>%s</i></li>\n"
                        .formatted(
                                time(line.change().at()),
                                escaped(line.backend()),
                                line.change().from().label(),
                                line.change().to().label(),
                                line.change().reason().label().replace('_', ' ')))
                .collect(Collectors.joining());
        return "<section>\n<h2>Latest changes</h2>\n"
                + (lines.isEmpty() ? "<p>none yet</p>\n" : "<ol class=\"changes\">\n" + lines + "</ol>\n")
                + "</section>\n";
    }

    private static String time(Instant at) {
        return "<time datetime=\"%s\">%s</time>".formatted(at.truncatedTo(ChronoUnit.SECONDS), TIME.format(at));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
