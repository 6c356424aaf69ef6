package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LbConfig;
import org.jspecify.annotations.Nullable;

/** Makes the balancer of a configuration, without starting it. */
@FunctionalInterface
public interface BalancerFactory {

    /**
     * Makes one.
     *
     * @param source where a reload reads the configuration again; null if it came from no file
     */
    RunningBalancer create(LbConfig config, @Nullable ConfigSource source);
}
