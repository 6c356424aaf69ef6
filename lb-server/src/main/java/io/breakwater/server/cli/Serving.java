package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.Units;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one balancer on the calling thread: started, announced, drained on the first stop signal and closed. A
 * second stop signal cuts the drain short. SIGHUP reloads it, SIGUSR1 opens its logs anew.
 */
final class Serving {
    private static final Logger LOG = LoggerFactory.getLogger(Serving.class);

    private final Host host;
    private final BalancerFactory balancers;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicInteger stopSignals = new AtomicInteger();
    private final Reloads reloads = new Reloads();

    Serving(Host host, BalancerFactory balancers) {
        this.host = host;
        this.balancers = balancers;
    }

    /** Runs a configuration that came from no file, and so cannot be reloaded, until it is told to stop. */
    int run(LbConfig config, Announcement whenReady) {
        return run(config, null, whenReady);
    }

    /**
     * Runs until it is told to stop.
     *
     * @param source where a reload reads the configuration again; null if it came from no file
     * @param whenReady what else is said once the balancer serves
     * @return the exit code
     */
    int run(LbConfig config, @Nullable ConfigSource source, Announcement whenReady) {
        Thread serving = Thread.currentThread();
        host.signals().onStop(() -> {
            reloads.end();
            if (stopSignals.incrementAndGet() > 1) {
                serving.interrupt();
            }
            stop.countDown();
        });
        host.signals().onHangUp(reloads::want);
        try (RunningBalancer balancer = balancers.create(config, source)) {
            host.signals().onReopen(balancer::reopenLogs);
            String failure = start(balancer);
            if (failure != null) {
                host.err().println("lb: " + failure);
                return ExitCode.FAILED;
            }
            Addresses addresses = Addresses.of(config, balancer);
            host.out().println(addresses.readyLine());
            whenReady.say(addresses);
            host.out().flush();
            reloads.begin(balancer);
            stopped(balancer, config);
            return ExitCode.OK;
        }
    }

    /** Returns why it could not, null if it did. */
    private static @Nullable String start(RunningBalancer balancer) {
        try {
            balancer.start();
            return null;
        } catch (IOException | IllegalStateException e) {
            return e.getMessage() == null ? e.toString() : e.getMessage();
        }
    }

    private void stopped(RunningBalancer balancer, LbConfig config) {
        try {
            stop.await();
            LOG.info("stopping");
            int cut = balancer.drain();
            if (cut > 0) {
                LOG.warn(
                        "the drain took longer than {}: {} unfinished requests were cut",
                        Units.duration(config.shutdown().drain()),
                        cut);
            }
        } catch (InterruptedException secondSignal) {
            LOG.warn("stopped at once by a second signal");
        }
    }

    /** What a command says once its balancer serves. */
    interface Announcement {
        void say(Addresses addresses);
    }

    /**
     * Where a running balancer is reached.
     *
     * @param admin null if the admin port is off
     */
    record Addresses(String listen, @Nullable String admin) {

        static Addresses of(LbConfig config, RunningBalancer balancer) {
            OptionalInt adminPort = balancer.adminPort();
            return new Addresses(
                    url(
                            config.listen().tls().isOn() ? "https" : "http",
                            config.listen().host(),
                            balancer.port()),
                    adminPort.isPresent() ? url("http", config.admin().host(), adminPort.getAsInt()) : null);
        }

        String readyLine() {
            return "breakwater ready on " + listen + " (admin " + (admin == null ? "off" : admin) + ")";
        }

        /** The URL of a bound address; a wildcard is reached as localhost. */
        static String url(String scheme, String host, int port) {
            boolean wildcard = host.equals("0.0.0.0") || host.matches("[0:]*:[0:]*");
            String reached = wildcard ? "localhost" : host.indexOf(':') >= 0 ? "[" + host + "]" : host;
            return scheme + "://" + reached + ":" + port;
        }
    }
}
