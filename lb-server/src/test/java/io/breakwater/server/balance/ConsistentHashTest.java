package io.breakwater.server.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsistentHashTest {
    private static final int KEYS = 100_000;
    private static final long SEED = 3;

    private final ConsistentHash policy = new ConsistentHash(() -> 0);

    private static long key(int number) {
        return KeyHash.of("/item/" + number);
    }

    /** Returns who is chosen for each of many keys while all are idle. */
    private static List<Fake> homes(Policy policy, List<Fake> fakes) {
        Balancer balancer = policy.over(fakes);
        return IntStream.range(0, KEYS)
                .mapToObj(number -> fakes.get(balancer.choose(candidate -> true, key(number), 0)))
                .toList();
    }

    private static Map<Fake, Integer> counts(List<Fake> homes) {
        Map<Fake, Integer> counts = new HashMap<>();
        homes.forEach(home -> counts.merge(home, 1, Integer::sum));
        return counts;
    }

    @Test
    void sendsAKeyToTheSameCandidateAlwaysAndFromEveryInstance() {
        List<Fake> fakes = Fake.equal(20);

        assertThat(homes(policy, fakes)).isEqualTo(homes(new ConsistentHash(() -> 0), fakes));
    }

    @Test
    void theOrderOfTheListDoesNotMatter() {
        List<Fake> fakes = Fake.of(1, 2, 3, 4, 5, 1, 1);
        List<Fake> turned = new ArrayList<>(fakes);
        Collections.reverse(turned);

        assertThat(homes(policy, turned)).isEqualTo(homes(policy, fakes));
    }

    /** The deviation is about 7 %, and four of them 28 %. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 100})
    void nobodyIsHomeToManyMoreKeysThanAnother(int count) {
        Map<Fake, Integer> counts = counts(homes(policy, Fake.equal(count)));

        double mean = (double) KEYS / count;
        assertThat(counts).hasSize(count);
        assertThat(counts.values()).allMatch(one -> one > 0.7 * mean && one < 1.3 * mean);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1_000})
    void keysAreSpreadByWeight(int scale) {
        List<Fake> fakes = Fake.of(scale, 2 * scale, 3 * scale, 4 * scale);

        List<Fake> homes = homes(policy, fakes);

        for (Fake fake : fakes) {
            assertThat(Collections.frequency(homes, fake) / (KEYS * fake.weight() / (10.0 * scale)))
                    .as("weight %d", fake.weight())
                    .isBetween(0.8, 1.2);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 10, 100})
    void theKeysOfOneThatGoesAreSpreadOverTheOthersAndNoOthersMove(int count) {
        List<Fake> all = Fake.equal(count);
        List<Fake> before = homes(policy, all);
        Fake gone = all.get(count / 2);
        List<Fake> rest = new ArrayList<>(all);
        rest.remove(gone);

        List<Fake> after = homes(policy, rest);

        int moved = 0;
        Set<Fake> heirs = new HashSet<>();
        for (int i = 0; i < KEYS; i++) {
            if (before.get(i) == gone) {
                moved++;
                heirs.add(after.get(i));
            } else {
                assertThat(after.get(i)).isSameAs(before.get(i));
            }
        }
        assertThat(moved * (double) count / KEYS).isBetween(0.7, 1.3);
        assertThat(heirs).hasSizeGreaterThan(Math.min(count - 2, 7));
        assertThat(homes(policy, all)).as("when it is back").isEqualTo(before);
    }

    @Test
    void noOtherKeysMoveAmongUnequalsEvenIfTheHeaviestOfManyGoes() {
        List<Fake> all = Fake.of(new SplittableRandom(SEED).ints(500, 1, 1_000).toArray());
        List<Fake> before = homes(policy, all);
        Fake gone = all.stream()
                .reduce((one, other) -> one.weight() > other.weight() ? one : other)
                .orElseThrow();
        List<Fake> rest = new ArrayList<>(all);
        rest.remove(gone);

        List<Fake> after = homes(policy, rest);

        for (int i = 0; i < KEYS; i++) {
            if (before.get(i) != gone) {
                assertThat(after.get(i)).isSameAs(before.get(i));
            }
        }
    }

    /** Counts what is under way as a pool does. */
    private static final class Busy {
        final List<Fake> fakes;
        final Balancer balancer;
        int underWay;

        Busy(List<Fake> fakes) {
            this.fakes = fakes;
            this.balancer = new ConsistentHash(() -> underWay).over(fakes);
        }

        int send(long key) {
            int choice = balancer.choose(candidate -> true, key, 0);
            fakes.get(choice).inFlight.incrementAndGet();
            underWay++;
            return choice;
        }

        void end(int choice) {
            fakes.get(choice).inFlight.decrementAndGet();
            underWay--;
        }
    }

    @Test
    void aHotKeyLoadsNobodyAboveTheBound() {
        Busy busy = new Busy(Fake.of(1, 1, 1, 2, 5));
        List<Integer> running = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            int choice = busy.send(42);
            running.add(choice);
            Fake fake = busy.fakes.get(choice);
            assertThat(fake.load(0)).isLessThanOrEqualTo(Math.ceil(1.25 * busy.underWay * fake.weight() / 10));
        }
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            busy.end(running.remove(random.nextInt(running.size())));
            int choice = busy.send(random.nextInt(10) < 8 ? 42 : random.nextLong());
            running.add(choice);
            Fake fake = busy.fakes.get(choice);
            assertThat(fake.load(0)).isLessThanOrEqualTo(Math.ceil(1.25 * busy.underWay * fake.weight() / 10));
        }
    }

    @Test
    void aKeyIsAtHomeForAsLongAsThereIsRoom() {
        Busy busy = new Busy(Fake.equal(10));
        int home = busy.send(42);
        busy.end(home);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 200; i++) {
            busy.send(random.nextLong());
        }
        int bound = (int) Math.ceil(1.25 * (busy.underWay + 1) / 10);
        while (busy.fakes.get(home).inFlight.get() >= bound) {
            busy.end(home);
        }

        assertThat(busy.send(42)).isEqualTo(home);
    }

    @Test
    void whatAHotCandidateCannotTakeIsSpreadOverAllOthers() {
        List<Fake> fakes = Fake.equal(10);
        int hot = 3;
        fakes.get(hot).inFlight.set(1_000);
        Balancer balancer = new ConsistentHash(() -> 1_000).over(fakes);
        Set<Integer> heirs = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            int choice = balancer.choose(candidate -> true, key(i), 0);
            assertThat(choice).isNotEqualTo(hot);
            heirs.add(choice);
        }
        assertThat(heirs).hasSize(9);
    }

    @Test
    void theBoundHoldsNobodyBackWhenAllAreFull() {
        List<Fake> fakes = Fake.equal(5);
        List<Fake> idle = homes(policy, fakes);

        fakes.forEach(one -> one.inFlight.set(50));

        assertThat(homes(policy, fakes)).isEqualTo(idle);
    }

    @Test
    void aSlowStartTakesEverMoreOfTheSameKeys() {
        List<Fake> fakes = Fake.equal(10);
        Fake starting = fakes.get(4);
        List<Fake> whole = homes(policy, fakes);
        Set<Integer> before = Set.of();
        for (double share : new double[] {0.05, 0.1, 0.25, 0.5, 1}) {
            starting.share = share;
            List<Fake> now = homes(policy, fakes);
            Set<Integer> atHome = new HashSet<>();
            for (int i = 0; i < KEYS; i++) {
                if (whole.get(i) == starting && now.get(i) == starting) {
                    atHome.add(i);
                } else if (whole.get(i) != starting) {
                    assertThat(now.get(i)).isSameAs(whole.get(i));
                }
            }
            assertThat(atHome).containsAll(before);
            assertThat(atHome.size() / (share * Collections.frequency(whole, starting)))
                    .isBetween(0.9, 1.1);
            before = atHome;
        }
    }

    @Test
    void aSlowStartScalesTheBound() {
        List<Fake> fakes = Fake.equal(10);
        fakes.get(2).share = 0.1;
        Busy busy = new Busy(fakes);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 1_000; i++) {
            busy.send(random.nextLong());
        }
        assertThat(fakes.get(2).load(0)).isBetween(1.0, Math.ceil(1.25 * 1_000 * 0.1 / 10));
    }

    /** Two of three may take five sixths of all; what is left goes where the key is taken. */
    @Test
    void aSlowStartHoldsWhereTheOthersAreFull() {
        List<Fake> fakes = Fake.equal(3);
        fakes.get(2).share = 0.05;
        Busy busy = new Busy(fakes);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 3_000; i++) {
            busy.send(random.nextLong());
        }
        assertThat(fakes.get(2).load(0) / 3_000 / (0.05 / 2.05)).isBetween(0.5, 1.5);
    }
}
