package io.breakwater.server.config;

import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.check.HealthCheckConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One of {@code lb.pools}: backends that can answer the same requests, and how they are treated.
 *
 * @param backends in the order of the file, at least one
 * @param failureStatuses those that count as the backend's failure
 * @param abandonedAfter a call whose client left after waiting this long for the backend counts as a failure; zero for
 *     never
 * @param minAvailable a trip that would leave fewer eligible backends is refused; 0 for none
 * @param probe what a health check asks
 * @param tls for those backends whose URL is https
 */
public record PoolConfig(
        String name,
        List<BackendConfig> backends,
        BalanceConfig balance,
        BackendErrors backendErrors,
        HostHeader hostHeader,
        BreakerConfig breaker,
        BreakerScope breakerScope,
        StatusRanges failureStatuses,
        Duration abandonedAfter,
        int minAvailable,
        HealthCheckConfig healthCheck,
        ProbeConfig probe,
        ConcurrencyConfig concurrency,
        ConnectionsConfig connections,
        PoolTimeouts timeouts,
        RetriesConfig retries,
        SlowStartConfig slowStart,
        UpstreamTls tls) {

    public PoolConfig {
        backends = List.copyOf(backends);
        Constraints constraints = new Constraints()
                .require(
                        name.matches("[A-Za-z0-9._-]+"),
                        "",
                        name,
                        "a name of letters, digits, ., _ and - (it is part of URLs and a label of metrics)")
                .require(
                        !backends.isEmpty(),
                        "backends",
                        "[]",
                        "at least one backend, such as \"http://localhost:3001\"")
                .range("breaker.min-available", minAvailable, 0, 1_000_000)
                .notNegative("breaker.abandoned-after", abandonedAfter);
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < backends.size(); i++) {
            String id = backends.get(i).id();
            Integer first = seen.putIfAbsent(id, i);
            constraints.require(
                    first == null,
                    "backends[" + i + "]",
                    id,
                    "an id of its own in the pool; backends[" + first + "] has it");
        }
        constraints.verify();
    }

    /** What one circuit is for. */
    public enum BreakerScope implements Choice {
        /** A backend, whatever is asked of it. */
        BACKEND,
        /** A backend as one route asks it, so that a path that is broken does not take the others with it. */
        BACKEND_AND_ROUTE
    }

    /** What a client gets for a backend's failure status. */
    public enum BackendErrors implements Choice {
        /** 502 of our own. */
        REPLACE,
        /** What the backend sent. */
        PASS
    }

    /** What Host says upstream. */
    public enum HostHeader implements Choice {
        /** As received. */
        PRESERVE,
        /** The backend's own host and port. */
        BACKEND
    }
}
