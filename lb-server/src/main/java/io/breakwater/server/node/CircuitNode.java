package io.breakwater.server.node;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.CircuitState;
import io.breakwater.time.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node that speaks JSON lines: one object in, one object out, flushed. It guards each service with a circuit breaker
 * and says what the breaker made of a call. A line that it cannot take is answered with an error, and the node goes on;
 * blank lines are passed over. Not thread-safe.
 */
public final class CircuitNode {
    private static final int MAX_LINE_BYTES = 1 << 20;
    private static final int MAX_SERVICES = 100_000;
    private static final String DEFAULT_SERVICE = "service-b";

    private final BreakerConfig config;
    private final Ticker ticker;
    private final Map<String, Service> services = new HashMap<>();
    private long nextMsgId;

    /**
     * A node whose circuits open after so many failures in a row, and take a probe after the recovery timeout.
     *
     * @throws IllegalArgumentException if one of both is not positive
     */
    public CircuitNode(int failureThreshold, Duration recoveryTimeout, Ticker ticker) {
        if (failureThreshold < 1) {
            throw new IllegalArgumentException("failure-threshold: " + failureThreshold + " (expected: >= 1)");
        }
        if (recoveryTimeout.isZero() || recoveryTimeout.isNegative()) {
            throw new IllegalArgumentException("recovery-timeout: " + recoveryTimeout + " (expected: > 0s)");
        }
        this.config =
                new BreakerConfig(true, failureThreshold, recoveryTimeout, 1, 1, BreakerConfig.DEFAULT.probeTimeout());
        this.ticker = ticker;
    }

    /**
     * Answers the lines of {@code in} on {@code out} until {@code in} ends. Closes neither.
     *
     * @throws IOException if one of the streams fails
     */
    public void run(InputStream in, OutputStream out) throws IOException {
        LineReader lines = new LineReader(in, MAX_LINE_BYTES);
        while (true) {
            String reply;
            try {
                byte[] line = lines.next();
                if (line == null) {
                    return;
                }
                if (isBlank(line)) {
                    continue;
                }
                reply = answer(Fields.parse(line));
            } catch (BadMessage e) {
                reply = Reply.error(null, e.problem());
            }
            out.write((reply + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    private String answer(Fields message) throws BadMessage {
        @Nullable Fields envelope = message.has("body") ? message : null;
        Fields body = envelope == null ? message : envelope.body();
        try {
            String type = body.string("type");
            long msgId = body.integer("msg_id");
            return switch (type) {
                case "init" -> init(envelope, msgId);
                case "call" -> call(envelope, body, msgId);
                default -> throw body.wrong("type", "init or call");
            };
        } catch (BadMessage e) {
            return Reply.error(body.integerIfAny("msg_id"), e.problem());
        }
    }

    private String init(@Nullable Fields envelope, long msgId) throws BadMessage {
        if (envelope == null) {
            throw new BadMessage("init without an envelope (expected: src, dest and body)");
        }
        String sender = envelope.string("src");
        String self = envelope.string("dest");
        return Reply.initOk(self, sender, msgId, nextMsgId++);
    }

    private String call(@Nullable Fields envelope, Fields body, long msgId) throws BadMessage {
        String name = serviceName(envelope, body);
        @Nullable CircuitState placed = body.has("state") ? state(body) : null;
        if (body.has("force_failures") && body.has("force_success")) {
            throw new BadMessage("force_failures and force_success (expected: at most one of them)");
        }
        int failing = failing(body);
        Service service = service(name);

        long now = ticker.read();
        if (placed != null) {
            service.place(placed, now);
        }
        return service.call(msgId, failing, now);
    }

    private static String serviceName(@Nullable Fields envelope, Fields body) throws BadMessage {
        @Nullable String addressed = envelope == null ? null : envelope.optionalString("dest");
        @Nullable String named = body.optionalString("service");
        if (named != null) {
            return named;
        }
        return addressed != null ? addressed : DEFAULT_SERVICE;
    }

    private static CircuitState state(Fields body) throws BadMessage {
        return switch (body.string("state")) {
            case "closed" -> CircuitState.CLOSED;
            case "open" -> CircuitState.OPEN;
            case "half_open" -> CircuitState.HALF_OPEN;
            default -> throw body.wrong("state", "closed, open or half_open");
        };
    }

    private static int failing(Fields body) throws BadMessage {
        if (body.has("force_failures")) {
            return body.count("force_failures");
        }
        return body.has("force_success") && !body.bool("force_success") ? 1 : 0;
    }

    private Service service(String name) throws BadMessage {
        Service known = services.get(name);
        if (known != null) {
            return known;
        }
        if (services.size() >= MAX_SERVICES) {
            throw new BadMessage("too many services (expected: <= " + MAX_SERVICES + ")");
        }
        Service added = new Service(name, config, ticker);
        services.put(name, added);
        return added;
    }
}
