package io.breakwater.metrics;

import io.breakwater.health.BackendId;
import io.breakwater.health.Outcome;
import io.breakwater.health.breaker.Transition;

/** The recorder of a balancer whose metrics are off. */
final class NoRecorder implements ProxyRecorder, RouteRecorder, BackendRecorder, ConnectionRecorder {

    @Override
    public RouteRecorder route(String route) {
        return this;
    }

    @Override
    public BackendRecorder backend(BackendId id, BackendGauges gauges) {
        return this;
    }

    @Override
    public ConnectionRecorder connections(Side side) {
        return this;
    }

    @Override
    public void started() {}

    @Override
    public void ended(int status, long durationNanos) {}

    @Override
    public void clientClosed(long durationNanos) {}

    @Override
    public void rejected(RejectionReason reason) {}

    @Override
    public void ended(Outcome outcome, long durationNanos) {}

    @Override
    public void circuitRejected() {}

    @Override
    public void transition(Transition transition) {}

    @Override
    public void accepted() {}

    @Override
    public void opened() {}

    @Override
    public void closed() {}

    @Override
    public void received(long bytes) {}

    @Override
    public void sent(long bytes) {}
}
