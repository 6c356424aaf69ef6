package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.breakwater.server.fixtures.Together;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What holds for every policy. */
class PolicyTest {
    private static final long SEED = 20_160_806;
    private static final int PICKS = 200_000;

    private static int[] picks(Balancer balancer, int count) {
        int[] chosen = new int[count];
        SplittableRandom keys = new SplittableRandom(SEED);
        for (int i = 0; i < PICKS; i++) {
            chosen[balancer.choose(candidate -> true, keys.nextLong(), 0)]++;
        }
        return chosen;
    }

    private static double[] proportions(List<Fake> fakes) {
        return fakes.stream().mapToDouble(one -> one.weight() * one.share(0)).toArray();
    }

    /** 9 degrees of freedom, critical value 27.9 at 0.1 %. A hash is not drawn: see ConsistentHashTest. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONSISTENT_HASH")
    void spreadsOverIdleEqualsEvenly(PolicyKind kind) {
        List<Fake> fakes = Fake.equal(10);

        int[] chosen = picks(kind.seeded(SEED).over(fakes), 10);

        assertThat(ChiSquare.of(chosen, proportions(fakes))).isLessThan(ChiSquare.critical(9));
    }

    /** 7 degrees of freedom, critical value 24.3 at 0.1 %. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONSISTENT_HASH")
    void spreadsOverIdleUnequalsByTheirWeights(PolicyKind kind) {
        List<Fake> fakes = Fake.of(1, 2, 3, 5, 50, 1, 10, 1000);

        int[] chosen = picks(kind.seeded(SEED).over(fakes), 8);

        assertThat(ChiSquare.of(chosen, proportions(fakes))).isLessThan(ChiSquare.critical(7));
    }

    /** 199 degrees of freedom, critical value 267.5 at 0.1 %. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONSISTENT_HASH")
    void spreadsOverManyUnequalsByTheirWeights(PolicyKind kind) {
        SplittableRandom weights = new SplittableRandom(SEED);
        List<Fake> fakes = Fake.of(weights.ints(200, 1, 1_000).toArray());

        int[] chosen = picks(kind.seeded(SEED).over(fakes), 200);

        assertThat(ChiSquare.of(chosen, proportions(fakes))).isLessThan(ChiSquare.critical(199));
    }

    /** 4 degrees of freedom, critical value 18.5 at 0.1 %. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONSISTENT_HASH")
    void aSlowStartScalesTheWeightAgainstPeers(PolicyKind kind) {
        List<Fake> fakes = Fake.of(1, 1, 4, 4, 2);
        fakes.get(1).share = 0.05;
        fakes.get(3).share = 0.5;

        int[] chosen = picks(kind.seeded(SEED).over(fakes), 5);

        assertThat(ChiSquare.of(chosen, proportions(fakes))).isLessThan(ChiSquare.critical(4));
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CONSISTENT_HASH")
    void aPoolThatStartsAsAWholeIsSpreadByItsSharesToo(PolicyKind kind) {
        List<Fake> fakes = Fake.equal(4);
        double[] shares = {0.05, 0.05, 0.1, 0.2};
        for (int i = 0; i < 4; i++) {
            fakes.get(i).share = shares[i];
        }

        int[] chosen = picks(kind.seeded(SEED).over(fakes), 4);

        for (int i = 0; i < 4; i++) {
            assertThat(chosen[i] / (double) PICKS).as("%s of %d", kind, i).isCloseTo(shares[i] / 0.4, within(0.03));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowStartNeverRefuses(PolicyKind kind) {
        List<Fake> fakes = Fake.equal(3);
        fakes.forEach(one -> one.share = 0.001);
        Balancer balancer = kind.seeded(SEED).over(fakes);

        for (long key = 0; key < 100; key++) {
            assertThat(balancer.choose(candidate -> candidate == 1, key, 0)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void choosesTheOnlyCandidate(PolicyKind kind) {
        Balancer balancer = kind.seeded(SEED).over(Fake.of(7));

        assertThat(balancer.choose(candidate -> candidate == 0, 3, 0)).isZero();
        assertThat(balancer.choose(candidate -> false, 3, 0)).isEqualTo(Balancer.NONE);
    }

    @ParameterizedTest
    @EnumSource
    void findsTheOneThatAdmits(PolicyKind kind) {
        for (int count : new int[] {2, 3, 10, 100, 1_000}) {
            List<Fake> fakes =
                    Fake.of(new SplittableRandom(SEED).ints(count, 1, 1_000).toArray());
            Balancer balancer = kind.seeded(SEED).over(fakes);
            for (int only = 0; only < count; only += 1 + count / 20) {
                int one = only;
                assertThat(balancer.choose(candidate -> candidate == one, only, 0))
                        .isEqualTo(only);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void asksEveryCandidateBeforeItGivesUpWhileOthersMoveTheCursor(PolicyKind kind) throws InterruptedException {
        List<Fake> fakes = Fake.of(1, 100, 1, 7, 30, 1, 1, 2, 1000);
        fakes.get(3).share = 0.01;
        fakes.get(4).inFlight.set(1_000);
        SplittableRandom root = new SplittableRandom(SEED);
        ThreadLocal<SplittableRandom> randoms = ThreadLocal.withInitial(() -> {
            synchronized (root) {
                return root.split();
            }
        });
        Balancer balancer = kind.seeded(new Delegating(randoms)).over(fakes);
        AtomicInteger gaveUp = new AtomicInteger();

        Together.run(4, loop -> {
            for (int i = 0; i < 2_000; i++) {
                if (loop % 2 == 0) {
                    balancer.choose(candidate -> true, i, 0);
                    continue;
                }
                BitSet asked = new BitSet();
                int chosen = balancer.choose(
                        candidate -> {
                            asked.set(candidate);
                            return false;
                        },
                        i,
                        0);
                assertThat(chosen).isEqualTo(Balancer.NONE);
                assertThat(asked.cardinality()).isEqualTo(9);
                gaveUp.incrementAndGet();
            }
        });

        assertThat(gaveUp).hasValue(4_000);
    }

    /** One generator per thread behind one object. */
    private record Delegating(ThreadLocal<SplittableRandom> randoms) implements RandomGenerator {
        @Override
        public long nextLong() {
            return randoms.get().nextLong();
        }
    }

    /** Ten of forty have full slots and stand side by side: nobody behind the block gets what it refuses. */
    @ParameterizedTest
    @EnumSource
    void whatABlockOfRefusersPassesOnIsSharedByTheOthers(PolicyKind kind) {
        int count = 40;
        Balancer balancer = kind.seeded(SEED).over(Fake.equal(count));
        int[] chosen = new int[count];
        SplittableRandom keys = new SplittableRandom(SEED);
        for (int i = 0; i < PICKS; i++) {
            chosen[balancer.choose(candidate -> candidate >= 10, keys.nextLong(), 0)]++;
        }
        for (int i = 10; i < count; i++) {
            assertThat(chosen[i]).as("%s of %d", kind, i).isBetween(PICKS / 30 / 2, PICKS / 30 * 3 / 2);
        }
    }
}
