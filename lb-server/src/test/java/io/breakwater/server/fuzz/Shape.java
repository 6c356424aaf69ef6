package io.breakwater.server.fuzz;

import java.util.SplittableRandom;

/** Makes inputs that come far: a mutation of one of these says more than a random one. */
@FunctionalInterface
public interface Shape {
    byte[] next(SplittableRandom random);
}
