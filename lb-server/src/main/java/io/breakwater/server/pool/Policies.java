package io.breakwater.server.pool;

import io.breakwater.server.balance.ConsistentHash;
import io.breakwater.server.balance.LeastRequest;
import io.breakwater.server.balance.PeakEwma;
import io.breakwater.server.balance.Policy;
import io.breakwater.server.balance.Random;
import io.breakwater.server.balance.RoundRobin;
import io.breakwater.server.config.BalanceConfig;
import java.util.function.IntSupplier;

/** The policies by their names in the configuration. */
public final class Policies {
    private Policies() {}

    /**
     * Makes the policy that a pool names.
     *
     * @param underWay counts the requests that are under way to all backends of the pool
     */
    public static Policy of(BalanceConfig balance, IntSupplier underWay) {
        return switch (balance.policy()) {
            case ROUND_ROBIN -> new RoundRobin();
            case LEAST_REQUEST -> new LeastRequest();
            case PEAK_EWMA -> new PeakEwma();
            case RANDOM -> new Random();
            case HASH -> new ConsistentHash(underWay);
        };
    }
}
