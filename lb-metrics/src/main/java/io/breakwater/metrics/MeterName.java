package io.breakwater.metrics;

import java.util.List;

/**
 * The table of the meters that the balancer itself makes; {@code docs/metrics.md} shows the same rows. Values of labels
 * come from the configuration and from enums, never from a request.
 */
public enum MeterName {
    REQUESTS(
            "lb_requests_total",
            Type.COUNTER,
            "requests",
            "Requests that ended, by the status sent; client_closed when the client left before its response was whole.",
            "route",
            "code"),
    REQUESTS_IN_FLIGHT(
            "lb_requests_in_flight", Type.GAUGE, "requests", "Requests received that have not ended.", "route"),
    REQUEST_DURATION(
            "lb_request_duration_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time from the received head of a request to the end of its response.",
            "route"),
    REJECTIONS(
            "lb_rejections_total",
            Type.COUNTER,
            "requests",
            "Requests that the balancer answered itself instead of asking a backend.",
            "route",
            "reason"),
    BACKEND_REQUESTS(
            "lb_backend_requests_total",
            Type.COUNTER,
            "attempts",
            "Attempts on a backend that ended, by outcome.",
            "pool",
            "backend",
            "outcome"),
    BACKEND_REQUEST_DURATION(
            "lb_backend_request_duration_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time from the dispatch of an attempt on a backend to its end.",
            "pool",
            "backend"),
    BACKEND_IN_FLIGHT(
            "lb_backend_in_flight",
            Type.GAUGE,
            "attempts",
            "Attempts on a backend that have not ended.",
            "pool",
            "backend"),
    BACKEND_UP(
            "lb_backend_up",
            Type.GAUGE,
            "0 or 1",
            "1 while the backend is in rotation, also with a half-open circuit.",
            "pool",
            "backend"),
    CIRCUIT_STATE(
            "lb_circuit_state",
            Type.GAUGE,
            "0 or 1",
            "1 on the present state of the backend's circuit; an open one whose cooldown is over reads half-open.",
            "pool",
            "backend",
            "state"),
    CIRCUIT_TRANSITIONS(
            "lb_circuit_transitions_total",
            Type.COUNTER,
            "transitions",
            "Changes of a circuit's state; open to half-open is counted when its first probe is admitted.",
            "pool",
            "backend",
            "from",
            "to",
            "reason"),
    CIRCUIT_REJECTED(
            "lb_circuit_rejected_total",
            Type.COUNTER,
            "requests",
            "Refusals by a backend's circuit of requests that were then answered 'circuit open'.",
            "pool",
            "backend"),
    CONNECTIONS("lb_connections", Type.GAUGE, "connections", "Open connections.", "side"),
    CONNECTIONS_ACCEPTED(
            "lb_connections_accepted_total",
            Type.COUNTER,
            "connections",
            "Connections accepted from clients, those turned away at a limit included."),
    RECEIVED_BYTES("lb_received_bytes_total", Type.COUNTER, "bytes", "Bytes received.", "side"),
    SENT_BYTES("lb_sent_bytes_total", Type.COUNTER, "bytes", "Bytes sent.", "side"),
    BUILD_INFO("lb_build_info", Type.GAUGE, "always 1", "The version that runs.", "version");

    /** What a meter is to Prometheus. */
    public enum Type {
        COUNTER,
        GAUGE,
        HISTOGRAM
    }

    private final String exposedName;
    private final Type type;
    private final String unit;
    private final String help;

    @SuppressWarnings("ImmutableEnumChecker") // List.of: nobody can change it
    private final List<String> labels;

    MeterName(String exposedName, Type type, String unit, String help, String... labels) {
        this.exposedName = exposedName;
        this.type = type;
        this.unit = unit;
        this.help = help;
        this.labels = List.of(labels);
    }

    /** Returns the name as a scrape shows it. */
    public String exposedName() {
        return exposedName;
    }

    public Type type() {
        return type;
    }

    /** Returns what is counted or measured. */
    public String unit() {
        return unit;
    }

    /** Returns the sentence that a scrape shows as HELP. */
    public String help() {
        return help;
    }

    /** Returns the names of the labels, in the order in which their values are given. */
    public List<String> labels() {
        return labels;
    }
}
