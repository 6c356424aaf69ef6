package io.breakwater.metrics.prometheus;

import static java.util.Objects.requireNonNull;

import io.breakwater.metrics.FallbackType;
import io.breakwater.metrics.RejectionReason;
import io.breakwater.metrics.RouteRecorder;
import io.breakwater.metrics.TraceContext;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The series of one route, until they are removed. */
final class RouteMeters implements RouteRecorder {
    /** Unmatched requests are counted under this name. */
    static final String NO_ROUTE = "none";

    /** The balancer's own health page is counted under this name. */
    static final String HEALTH_ROUTE = "health";

    private static final String CLIENT_CLOSED = "client_closed";
    private static final int MIN_STATUS = 100;
    private static final int MAX_STATUS = 599;

    /** Said before a route is known. */
    private static final Set<RejectionReason> UNROUTED =
            EnumSet.of(RejectionReason.NO_ROUTE, RejectionReason.METHOD_NOT_ALLOWED, RejectionReason.CONNECTION_LIMIT);

    /** Said by a pool. */
    private static final Set<RejectionReason> POOLED = EnumSet.of(
            RejectionReason.CIRCUIT_OPEN,
            RejectionReason.UNHEALTHY,
            RejectionReason.OVERLOADED,
            RejectionReason.UNAVAILABLE);

    private final String route;
    private final Counter requests;
    private final DurationHistogram durations;
    private final Counter rejections;
    private final Counter fallbacks;
    private final DurationHistogram.Series duration;
    private final CounterDataPoint clientClosed;
    private final LongAdder inFlight = new LongAdder();
    private final AtomicReferenceArray<@Nullable CounterDataPoint> byStatus =
            new AtomicReferenceArray<>(MAX_STATUS - MIN_STATUS + 1);
    private final Map<RejectionReason, CounterDataPoint> byReason = new EnumMap<>(RejectionReason.class);

    private final Map<FallbackType, CounterDataPoint> byType = new EnumMap<>(FallbackType.class);

    // These three belong to whoever holds the lock of this object.
    private final Set<String> codes = new HashSet<>();
    private final Set<RejectionReason> reasons = EnumSet.noneOf(RejectionReason.class);
    private boolean removed;

    RouteMeters(String route, Counter requests, DurationHistogram durations, Counter rejections, Counter fallbacks) {
        this.route = route;
        this.requests = requests;
        this.durations = durations;
        this.rejections = rejections;
        this.fallbacks = fallbacks;
        duration = durations.labelValues(route);
        clientClosed = requests.labelValues(route, CLIENT_CLOSED);
        codes.add(CLIENT_CLOSED);
        for (RejectionReason reason : legalReasons(route)) {
            byReason.put(reason, rejections.labelValues(route, reason.label()));
        }
        reasons.addAll(byReason.keySet());
        if (!route.equals(NO_ROUTE) && !route.equals(HEALTH_ROUTE)) {
            for (FallbackType type : FallbackType.values()) {
                byType.put(type, fallbacks.labelValues(route, type.label()));
            }
        }
    }

    private static Set<RejectionReason> legalReasons(String route) {
        if (route.equals(HEALTH_ROUTE)) {
            return EnumSet.of(RejectionReason.METHOD_NOT_ALLOWED);
        }
        EnumSet<RejectionReason> reasons = EnumSet.allOf(RejectionReason.class);
        reasons.removeAll(route.equals(NO_ROUTE) ? POOLED : UNROUTED);
        return reasons;
    }

    @Override
    public void started() {
        inFlight.increment();
    }

    @Override
    public void ended(int status, long durationNanos, @Nullable TraceContext trace) {
        inFlight.decrement();
        CounterDataPoint counter = status(status);
        if (counter != null) {
            counter.inc();
        }
        duration.observe(durationNanos, trace);
    }

    @Override
    public void clientClosed(long durationNanos) {
        inFlight.decrement();
        clientClosed.inc();
        duration.observe(durationNanos);
    }

    @Override
    public void rejected(RejectionReason reason) {
        CounterDataPoint held = byReason.get(reason);
        if (held != null) {
            held.inc();
        } else {
            countUnforeseen(reason);
        }
    }

    @Override
    public void fellBack(FallbackType type) {
        requireNonNull(byType.get(type), "only a route that is configured has a fallback")
                .inc();
    }

    private synchronized void countUnforeseen(RejectionReason reason) {
        if (!removed) {
            reasons.add(reason);
            rejections.labelValues(route, reason.label()).inc();
        }
    }

    /** Takes the series out of the exposition; what is still reported afterwards is counted nowhere. */
    synchronized void remove() {
        removed = true;
        codes.forEach(code -> requests.remove(route, code));
        reasons.forEach(reason -> rejections.remove(route, reason.label()));
        byType.keySet().forEach(type -> fallbacks.remove(route, type.label()));
        durations.remove(route);
    }

    /** Read at a scrape. A sum over stripes that move may miss a start and see its end, so it stops at 0. */
    long inFlight() {
        return Math.max(0, inFlight.sum());
    }

    /** Returns the counter of a status; null when it would be a new one after the removal. */
    private @Nullable CounterDataPoint status(int status) {
        if (status < MIN_STATUS || status > MAX_STATUS) {
            return firstOf(status);
        }
        int index = status - MIN_STATUS;
        CounterDataPoint held = byStatus.getAcquire(index);
        if (held == null) {
            held = firstOf(status);
            byStatus.setRelease(index, held);
        }
        return held;
    }

    private synchronized @Nullable CounterDataPoint firstOf(int status) {
        if (removed) {
            return null;
        }
        String code = Integer.toString(status);
        codes.add(code);
        return requests.labelValues(route, code);
    }
}
