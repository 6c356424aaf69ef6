package io.breakwater.server.config;

/**
 * {@code lb.metrics}.
 *
 * @param enabled false records nothing, and {@code /metrics} is not found
 */
public record MetricsConfig(boolean enabled) {}
