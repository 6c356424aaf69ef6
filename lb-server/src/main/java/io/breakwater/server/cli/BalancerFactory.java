package io.breakwater.server.cli;

import io.breakwater.server.config.LbConfig;

/** Makes the balancer of a configuration, without starting it. */
@FunctionalInterface
public interface BalancerFactory {

    Balancer create(LbConfig config);
}
