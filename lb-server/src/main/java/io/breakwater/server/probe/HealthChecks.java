package io.breakwater.server.probe;

import io.breakwater.health.BackendId;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthCheckConfig;
import io.breakwater.health.check.HealthChecker;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.Probe;
import io.breakwater.health.check.ProbeResult;
import io.breakwater.health.check.Stagger;
import io.breakwater.metrics.BackendRecorder;
import io.breakwater.server.config.BackendConfig;
import io.breakwater.server.config.ProbeConfig;
import io.breakwater.server.connection.AddressBook;
import io.breakwater.server.connection.Dialer;
import io.breakwater.server.runtime.Housekeeping;
import io.breakwater.server.runtime.Loop;
import io.breakwater.server.tls.TlsPeer;
import io.breakwater.time.Scheduler;
import io.breakwater.time.Ticker;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the checkers of all backends: over HTTP or TCP, on the housekeeping loop, spread over time together. Safe from
 * any thread.
 *
 * <p>Who wires the balancer keeps the checker of a backend with that backend, for as long as its identity stays: makes it
 * with {@link #checkerOf} and starts it, calls {@link #reconfigure} on a reload, stops it when the backend is disabled or
 * gone, and starts it again when the backend is enabled again. Whether checks are made at all is part of the settings.
 */
public final class HealthChecks {
    private static final Logger LOG = LoggerFactory.getLogger(HealthChecks.class);
    /** A machine without descriptors fails every check of every backend. */
    private static final long LOCAL_ERRORS_LOGGED_EVERY_NANOS =
            Duration.ofSeconds(10).toNanos();

    private final Scheduler scheduler;
    private final Loop loop;
    private final Dialer dialer;
    private final Ticker ticker;
    private final Stagger stagger;

    private final Object lock = new Object();
    private boolean localErrorSeen;
    private long localErrorLoggedNanos;
    private long localErrorsNotLogged;

    /**
     * @param ticker the one that {@code housekeeping} lives by
     * @param random for jitter; may be called from any thread
     */
    public HealthChecks(Housekeeping housekeeping, AddressBook addresses, Ticker ticker, RandomGenerator random) {
        this(
                housekeeping,
                housekeeping.loop(),
                new Dialer(housekeeping.loop(), housekeeping.channel(), addresses),
                ticker,
                random);
    }

    HealthChecks(Scheduler scheduler, Loop loop, Dialer dialer, Ticker ticker, RandomGenerator random) {
        this.scheduler = scheduler;
        this.loop = loop;
        this.dialer = dialer;
        this.ticker = ticker;
        this.stagger = new Stagger(ticker.read(), random);
    }

    /**
     * Makes the checker of a new backend; it is for the caller to start.
     *
     * @param tls by which TLS is spoken to it; null if it is not
     * @param listener is told of everything, besides the recorder
     * @param recorder counts the checks
     */
    public HealthChecker checkerOf(
            BackendId id,
            BackendConfig backend,
            HealthCheckConfig config,
            ProbeConfig probe,
            @Nullable TlsPeer tls,
            HealthListener listener,
            BackendRecorder recorder) {
        return new HealthChecker(
                config, probe(backend, probe, tls), ticker, scheduler, stagger, new Reports(id, listener, recorder));
    }

    /**
     * Gives the checker of a backend whose identity stays its new settings. What is known of the backend stays too, and so
     * does the time of its next check.
     */
    public void reconfigure(
            HealthChecker checker,
            BackendConfig backend,
            HealthCheckConfig config,
            ProbeConfig probe,
            @Nullable TlsPeer tls) {
        checker.reconfigure(config, probe(backend, probe, tls));
    }

    private Probe probe(BackendConfig backend, ProbeConfig config, @Nullable TlsPeer tls) {
        Dialer.Target to = new Dialer.Target(backend.host(), backend.port(), tls);
        return switch (config.type()) {
            case HTTP ->
                new HttpProbe(
                        loop,
                        dialer,
                        new HttpProbe.Question(to, backend.authority(), config.path(), config.expectStatuses()));
            case TCP -> new TcpProbe(loop.eventLoop(), dialer, to);
        };
    }

    private void localError(BackendId id, String detail) {
        long others;
        synchronized (lock) {
            long now = ticker.read();
            if (localErrorSeen && now - localErrorLoggedNanos < LOCAL_ERRORS_LOGGED_EVERY_NANOS) {
                localErrorsNotLogged++;
                return;
            }
            localErrorSeen = true;
            localErrorLoggedNanos = now;
            others = localErrorsNotLogged;
            localErrorsNotLogged = 0;
        }
        LOG.warn(
                "health {}: a check could not be made: {}{}",
                id,
                detail,
                others == 0 ? "" : " (and " + others + " others since the last such line)");
    }

    /** Counts, logs what is the balancer's own trouble, and passes on. */
    private final class Reports implements HealthListener {
        private final BackendId id;
        private final HealthListener next;
        private final BackendRecorder recorder;

        Reports(BackendId id, HealthListener next, BackendRecorder recorder) {
            this.id = id;
            this.next = next;
            this.recorder = recorder;
        }

        @Override
        public void onChange(HealthChange change) {
            next.onChange(change);
        }

        @Override
        public void onChecked(ProbeResult result, long durationNanos) {
            recorder.healthChecked(result.result(), durationNanos);
            next.onChecked(result, durationNanos);
        }

        @Override
        public void onLocalError(String detail) {
            localError(id, detail);
            next.onLocalError(detail);
        }
    }
}
