package io.breakwater.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stores are taken and given back on a thread of their own, whose stock is empty. */
@Timeout(60)
class HeadStoreTest {

    @Test
    void whatIsGivenBackIsTakenAgainWithoutItsFields() throws Exception {
        onItsOwnThread(() -> {
            HeadStore store = HeadStore.take();
            store.add(1, 2, 3, 4, 5);
            HeadStore.giveBack(store);

            assertThat(HeadStore.take()).isSameAs(store);
            assertThat(store.count()).isZero();
            assertThat(HeadStore.take()).isNotSameAs(store);
        });
    }

    @Test
    void aStoreGrowsWithItsHeadAndForgetsNothing() throws Exception {
        onItsOwnThread(() -> {
            HeadStore store = HeadStore.take();
            int bytes = store.bytes.length;
            store.bytes[bytes - 1] = 7;
            store.growBytes();
            for (int i = 0; i < 100; i++) {
                store.add(i, i + 1, i + 2, i + 3, i + 4);
            }

            assertThat(store.bytes).hasSize(2 * bytes);
            assertThat(store.bytes[bytes - 1]).isEqualTo((byte) 7);
            assertThat(store.count()).isEqualTo(100);
            for (int i = 0; i < 100; i++) {
                assertThat(List.of(
                                store.start(i),
                                store.nameEnd(i),
                                store.valueStart(i),
                                store.valueEnd(i),
                                store.name(i)))
                        .containsExactly(i, i + 1, i + 2, i + 3, i + 4);
            }
            store.rename(99, 42);
            assertThat(store.name(99)).isEqualTo(42);
            assertThat(store.valueEnd(99)).isEqualTo(102);
        });
    }

    @Test
    void oneOfEightKibibytesIsKeptAndALargerOneIsNot() throws Exception {
        onItsOwnThread(() -> {
            HeadStore kept = HeadStore.take();
            while (kept.bytes.length < 8 * 1024) {
                kept.growBytes();
            }
            HeadStore left = HeadStore.take();
            while (left.bytes.length <= 8 * 1024) {
                left.growBytes();
            }
            HeadStore.giveBack(kept);
            HeadStore.giveBack(left);

            assertThat(HeadStore.take()).isSameAs(kept);
            assertThat(HeadStore.take()).isNotSameAs(left);
        });
    }

    @Test
    void aThousandAndSomeAreKept() throws Exception {
        onItsOwnThread(() -> {
            List<HeadStore> taken = new ArrayList<>();
            for (int i = 0; i < 1025; i++) {
                taken.add(HeadStore.take());
            }
            taken.forEach(HeadStore::giveBack);

            Set<HeadStore> given = Collections.newSetFromMap(new IdentityHashMap<>());
            given.addAll(taken);
            for (int i = 0; i < 1024; i++) {
                assertThat(given.remove(HeadStore.take())).isTrue();
            }
            assertThat(given.remove(HeadStore.take())).isFalse();
        });
    }

    @Test
    void theOneThatStandsForNoneIsNeverTaken() throws Exception {
        onItsOwnThread(() -> {
            HeadStore.giveBack(HeadStore.NONE);

            assertThat(HeadStore.take()).isNotSameAs(HeadStore.NONE);
        });
    }

    private static void onItsOwnThread(Runnable test) throws Exception {
        var task = new FutureTask<>(test, true);
        new FastThreadLocalThread(task).start();
        assertThat(task.get()).isTrue();
    }
}
