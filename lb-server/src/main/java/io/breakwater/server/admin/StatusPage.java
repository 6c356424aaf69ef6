package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.breaker.Observed;
import io.breakwater.health.breaker.WindowCounts;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.admin.Operations.Action;
import io.breakwater.server.admin.StatusView.AdminState;
import io.breakwater.server.admin.StatusView.Backend;
import io.breakwater.server.admin.StatusView.Change;
import io.breakwater.server.admin.StatusView.Circuit;
import io.breakwater.server.admin.StatusView.Pool;
import io.breakwater.server.admin.StatusView.Window;
import java.net.URLEncoder;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pools as a page, without scripts. It is open to whoever reaches the port, so it shows no more than the metrics do
 * (no URLs), and has buttons only where a browser may write.
 */
final class StatusPage {
    /** What the page's buttons send as the query, so that the browser is led back to the page. */
    static final String FORM_QUERY = "page";

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
     * @param buttons a browser may write
     */
    byte[] render(List<Pool> pools, @Nullable String whyNotReady, Instant now, boolean reload, boolean buttons) {
        String summary =
                summary(pools.stream().flatMap(pool -> pool.backends().stream()).toList());
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
                        pools.stream().map(pool -> pool(pool, buttons)).collect(Collectors.joining()),
                        changes(pools),
                        metricsOn ? "<a href=\"/metrics\">Metrics</a> " : "")
                .getBytes(UTF_8);
    }

    /** What is wrong, if anything is, in one line. */
    private static String summary(List<Backend> backends) {
        long open = backends.stream()
                .filter(backend -> backend.circuit().state() != CircuitState.CLOSED)
                .filter(backend -> backend.circuit().observed() == null)
                .count();
        long unhealthy = backends.stream()
                .filter(backend -> backend.health() == HealthStatus.UNHEALTHY)
                .count();
        long aside = backends.stream()
                .filter(backend -> backend.adminState() != AdminState.ENABLED)
                .count();
        return (open == 0
                        ? "all circuits closed"
                        : open + " of " + backends.size() + (backends.size() == 1 ? " circuit" : " circuits")
                                + " not closed")
                + (unhealthy == 0 ? "" : ", " + unhealthy + " unhealthy")
                + (aside == 0 ? "" : ", " + aside + " drained or disabled");
    }

    private static String pool(Pool pool, boolean buttons) {
        return """
                <section>
                <h2>Pool %s</h2>
                <p class="detail">%s</p>
                <ul class="backends">
                %s</ul>
                </section>
                """.formatted(
                        escaped(pool.name()),
                        escaped(pool.balance()),
                        pool.backends().stream()
                                .map(backend -> backend(backend, buttons ? buttons(pool, backend) : ""))
                                .collect(Collectors.joining()));
    }

    private static String backend(Backend backend, String buttons) {
        Circuit circuit = backend.circuit();
        return """
                <li class="%s">
                <p class="state"><span class="shape" aria-hidden="true"></span>%s</p>
                <h3>%s</h3>
                <p class="detail">%s</p>
                <p class="detail">%s, %s</p>
                <dl>
                <div><dt>Requests</dt><dd>%d</dd></div>
                <div><dt>Failed</dt><dd>%d</dd></div>
                <div><dt>Refused</dt><dd>%d</dd></div>
                <div><dt>In flight</dt><dd>%d</dd></div>
                <div><dt>Share</dt><dd>%d %%</dd></div>
                <div><dt>Weight</dt><dd>%d</dd></div>
                <div><dt>Priority</dt><dd>%d</dd></div>
                </dl>
                %s</li>
                """.formatted(
                        circuit.state().label() + (circuit.observed() == null ? "" : " observed"),
                        circuit.state().label() + (circuit.observed() == null ? "" : ", only observed"),
                        escaped(backend.id()),
                        detail(circuit) + window(circuit) + observed(circuit),
                        word(backend.adminState().label(), backend.adminState() != AdminState.ENABLED),
                        word(health(backend), backend.health() == HealthStatus.UNHEALTHY),
                        backend.requests(),
                        backend.failures(),
                        backend.rejected(),
                        backend.inFlight(),
                        Math.round(backend.share() * 100),
                        backend.weight(),
                        backend.priority(),
                        buttons);
    }

    private static String word(String word, boolean unusual) {
        return unusual ? "<strong>" + word + "</strong>" : word;
    }

    private static String health(Backend backend) {
        return backend.health() == HealthStatus.UNCHECKED
                ? "not checked"
                : backend.suspect()
                        ? "suspect, kept as the last one"
                        : "health " + backend.health().label();
    }

    /** What would change something; a form needs no script. */
    private static String buttons(Pool pool, Backend backend) {
        List<Action> actions = new ArrayList<>();
        for (Action action : Action.values()) {
            boolean isSo = switch (action) {
                case ENABLE -> backend.adminState() == AdminState.ENABLED;
                case DRAIN -> backend.adminState() == AdminState.DRAINING;
                case DISABLE -> backend.adminState() == AdminState.DISABLED;
                case TRIP -> isTripped(backend.circuit());
                case RESET -> backend.circuit().isClean();
            };
            if (!isSo) {
                actions.add(action);
            }
        }
        String path = "/api/v1/pools/" + encoded(pool.name()) + "/backends/" + encoded(backend.id()) + "/";
        return actions.stream()
                .map(action -> "<button formaction=\"%s%s?%s\" aria-label=\"%s %s\">%s</button>\n"
                        .formatted(
                                path,
                                action.label(),
                                FORM_QUERY,
                                action.label(),
                                escaped(backend.id()),
                                action.label()))
                .collect(Collectors.joining("", "<form method=\"post\">\n", "</form>\n"));
    }

    private static boolean isTripped(Circuit circuit) {
        return circuit.state() == CircuitState.OPEN && circuit.retryAfterSeconds() == null;
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, UTF_8).replace("+", "%20");
    }

    private static String detail(Circuit circuit) {
        return switch (circuit.state()) {
            case CLOSED ->
                circuit.consecutiveFailures() == 0
                        ? "no failures in a row"
                        : circuit.consecutiveFailures()
                                + (circuit.consecutiveFailures() == 1 ? " failure" : " failures") + " in a row";
            case OPEN ->
                isTripped(circuit)
                        ? "opened by hand, until reset"
                        : (circuit.observed() == null ? "tries again in " : "would try again in ")
                                + circuit.retryAfterSeconds() + " s";
            case HALF_OPEN -> "a probe decides";
        };
    }

    /** What the window says, with the figures behind it: few calls make no rate. */
    private static String window(Circuit circuit) {
        Window window = circuit.window();
        if (window == null) {
            return "";
        }
        WindowCounts held = window.counts();
        return "<br>of %d calls %d failed%s, %d were slow%s"
                .formatted(
                        held.calls(),
                        held.failures(),
                        percent(window.failureRate()),
                        held.slowCalls(),
                        percent(window.slowCallRate()));
    }

    private static String percent(@Nullable Double rate) {
        return rate == null ? "" : " (" + Math.round(rate * 100) + " %)";
    }

    private static String observed(Circuit circuit) {
        Observed observed = circuit.observed();
        if (observed == null) {
            return "";
        }
        return "<br>would have refused %d: %d that failed (%d s saved), %d that succeeded"
                .formatted(
                        observed.wouldReject(),
                        observed.wouldRejectFailed(),
                        TimeUnit.NANOSECONDS.toSeconds(observed.savedNanos()),
                        observed.wouldRejectSucceeded());
    }

    private static String changes(List<Pool> pools) {
        record Line(String circuit, Change change) {}
        List<Line> all = pools.stream()
                .flatMap(pool -> pool.backends().stream()
                        .flatMap(backend -> backend.changes().stream()
                                .map(change -> new Line(named(pool, backend, change), change))))
                .collect(Collectors.toCollection(ArrayList::new));
        // Turned round first, for the sort leaves changes of the same moment as they stand.
        Collections.reverse(all);
        String lines = all.stream()
                .sorted(Comparator.comparing((Line line) -> line.change().at()).reversed())
                .limit(CHANGES_SHOWN)
                .map(line -> "<li>%s <b>%s</b> %s \u2192 %s <i>%s%s</i></li>\n"
                        .formatted(
                                time(line.change().at()),
                                escaped(line.circuit()),
                                line.change().from().label(),
                                line.change().to().label(),
                                line.change().reason().label().replace('_', ' '),
                                line.change().figures() == null
                                        ? ""
                                        : ": " + escaped(line.change().figures())))
                .collect(Collectors.joining());
        return "<section>\n<h2>Latest changes</h2>\n"
                + (lines.isEmpty() ? "<p>none yet</p>\n" : "<ol class=\"changes\">\n" + lines + "</ol>\n")
                + "</section>\n";
    }

    private static String named(Pool pool, Backend backend, Change change) {
        return pool.name() + "/" + backend.id() + (change.route() == null ? "" : " for route " + change.route());
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
