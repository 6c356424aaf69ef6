/** The {@code lb} commands. What they start comes in through {@link io.breakwater.server.cli.BalancerFactory}. */
@NullMarked
package io.breakwater.server.cli;

import org.jspecify.annotations.NullMarked;
