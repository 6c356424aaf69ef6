package io.breakwater.server.balance;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Every policy, seeded. */
enum PolicyKind {
    ROUND_ROBIN {
        @Override
        Policy seeded(RandomGenerator random) {
            return new RoundRobin();
        }
    },
    LEAST_REQUEST {
        @Override
        Policy seeded(RandomGenerator random) {
            return new LeastRequest(() -> random);
        }
    },
    PEAK_EWMA {
        @Override
        Policy seeded(RandomGenerator random) {
            return new PeakEwma(() -> random);
        }
    },
    RANDOM {
        @Override
        Policy seeded(RandomGenerator random) {
            return new Random(() -> random);
        }
    },
    CONSISTENT_HASH {
        @Override
        Policy seeded(RandomGenerator random) {
            return new ConsistentHash(() -> 0);
        }
    };

    abstract Policy seeded(RandomGenerator random);

    Policy seeded(long seed) {
        return seeded(new SplittableRandom(seed));
    }
}
