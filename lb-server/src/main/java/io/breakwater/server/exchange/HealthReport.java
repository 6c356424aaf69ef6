package io.breakwater.server.exchange;

import io.breakwater.health.breaker.CircuitState;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.pool.AdminState;
import io.breakwater.server.pool.Replica;
import io.breakwater.server.pool.ServedPool;
import java.nio.charset.StandardCharsets;

/**
 * The body of {@code GET /health}: {@code {"status":"ok","circuits":{"pool/id":"closed"}}}. It is degraded when a backend
 * that an operator wants to serve cannot: its circuit, or that of one route, is not closed, or it is unhealthy. The states
 * are what requests meet: a circuit that only observes is closed here, whatever it would do.
 */
final class HealthReport {
    private HealthReport() {}

    static byte[] write(Routing routing, long now) {
        StringBuilder circuits = new StringBuilder();
        boolean ok = true;
        for (ServedPool pool : routing.pools()) {
            for (Replica backend : pool.replicas()) {
                CircuitState state = backend.worstServingState(now);
                ok &= isWell(backend.admin(), backend.health(), state);
                if (!circuits.isEmpty()) {
                    circuits.append(',');
                }
                quote(circuits, backend.id().toString());
                circuits.append(":\"").append(state.label()).append('"');
            }
        }
        return ("{\"status\":\"" + (ok ? "ok" : "degraded") + "\",\"circuits\":{" + circuits + "}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Nobody expects a backend to serve that an operator took out. */
    static boolean isWell(AdminState wanted, HealthStatus health, CircuitState state) {
        return wanted != AdminState.ENABLED || (state == CircuitState.CLOSED && health != HealthStatus.UNHEALTHY);
    }

    /** Names come from the configuration and may hold any character (RFC 8259 section 7). */
    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append("\\u%04x".formatted((int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
