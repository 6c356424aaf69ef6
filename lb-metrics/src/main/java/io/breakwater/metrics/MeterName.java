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
    FALLBACKS(
            "lb_fallbacks_total",
            Type.COUNTER,
            "requests",
            "Requests that a fallback of their route answered in place of a backend, by its type.",
            "route",
            "type"),
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
    BACKEND_HEALTHY(
            "lb_backend_healthy",
            Type.GAUGE,
            "0 or 1",
            "0 while health checks say that the backend does not work; 1 without checks.",
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
    CIRCUIT_WOULD_REJECT(
            "lb_circuit_would_reject_total",
            Type.COUNTER,
            "requests",
            "Requests that a backend's circuit let through because it only observes, and would have refused.",
            "pool",
            "backend"),
    CIRCUIT_TRIPS_REFUSED(
            "lb_circuit_trips_refused_total",
            Type.COUNTER,
            "trips",
            "Trips of a circuit that were refused because they would have left fewer backends than min-available.",
            "pool",
            "backend"),
    RETRIES(
            "lb_retries_total",
            Type.COUNTER,
            "attempts",
            "Attempts after the first, by how they ended.",
            "pool",
            "result"),
    RETRY_BUDGET_EXHAUSTED(
            "lb_retry_budget_exhausted_total",
            Type.COUNTER,
            "requests",
            "Times that a failed attempt was not followed by another because the retry budget was used up.",
            "pool"),
    HEALTH_CHECKS(
            "lb_health_checks_total",
            Type.COUNTER,
            "checks",
            "Health checks that ended, by result.",
            "pool",
            "backend",
            "result"),
    HEALTH_CHECK_DURATION(
            "lb_health_check_duration_seconds",
            Type.HISTOGRAM,
            "seconds",
            "Time from the beginning of a health check to its end.",
            "pool",
            "backend"),
    CONFIG_RELOADS(
            "lb_config_reloads_total", Type.COUNTER, "reloads", "Reloads of the configuration, by result.", "result"),
    CONFIG_LAST_RELOAD_SUCCESS(
            "lb_config_last_reload_success_timestamp_seconds",
            Type.GAUGE,
            "seconds since 1970",
            "When the configuration that runs was taken, at the start or by a reload."),
    CONNECTIONS("lb_connections", Type.GAUGE, "connections", "Open connections.", "side"),
    CONNECTIONS_ACCEPTED(
            "lb_connections_accepted_total",
            Type.COUNTER,
            "connections",
            "Connections accepted from clients, those turned away at a limit included."),
    ACCEPT_ERRORS(
            "lb_accept_errors_total",
            Type.COUNTER,
            "attempts",
            "Times that no client's connection could be accepted, as without descriptors; ten a second at most."),
    RECEIVED_BYTES("lb_received_bytes_total", Type.COUNTER, "bytes", "Bytes received.", "side"),
    SENT_BYTES("lb_sent_bytes_total", Type.COUNTER, "bytes", "Bytes sent.", "side"),
    QUEUE_ENTRIES("lb_queue_entries", Type.GAUGE, "requests", "Writes that wait in a queue on disk.", "dir"),
    QUEUE_BYTES("lb_queue_bytes", Type.GAUGE, "bytes", "What the writes that wait in a queue take on disk.", "dir"),
    QUEUE_OLDEST_AGE(
            "lb_queue_oldest_age_seconds",
            Type.GAUGE,
            "seconds",
            "How long the first write of a queue has waited; 0 if none waits.",
            "dir"),
    QUEUE_ENDED(
            "lb_queue_ended_total",
            Type.COUNTER,
            "requests",
            "Writes that left a queue since it was opened, by what became of them.",
            "dir",
            "result"),
    QUEUE_REFUSED(
            "lb_queue_refused_total",
            Type.COUNTER,
            "requests",
            "Writes that a queue did not take since it was opened, by why not.",
            "dir",
            "reason"),
    ALLOCATOR_MEMORY(
            "lb_allocator_memory_bytes",
            Type.GAUGE,
            "bytes",
            "Memory that the allocator of network buffers holds, in use or kept for the next, by kind.",
            "kind"),
    EVENT_LOOP_LAG(
            "lb_event_loop_lag_seconds",
            Type.GAUGE,
            "seconds",
            "The longest that an event loop was late for a task within the last minute.",
            "loop"),
    EVENT_LOOP_PENDING_TASKS(
            "lb_event_loop_pending_tasks", Type.GAUGE, "tasks", "Tasks that wait for an event loop.", "loop"),
    LOG_DROPPED(
            "lb_log_dropped_total",
            Type.COUNTER,
            "lines",
            "Lines of the access log that were not written: the writer was behind, or its file could not be written to."),
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
