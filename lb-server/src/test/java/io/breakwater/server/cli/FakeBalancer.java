package io.breakwater.server.cli;

import io.breakwater.server.config.ConfigSource;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.ReloadResult;
import io.breakwater.server.fixtures.Gate;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A balancer that opens no port and says what was done to it. */
final class FakeBalancer implements RunningBalancer, BalancerFactory {

    final List<String> calls = new CopyOnWriteArrayList<>();
    final CountDownLatch draining = new CountDownLatch(1);
    final CountDownLatch drained = new CountDownLatch(1);

    @Nullable
    LbConfig config;

    @Nullable
    ConfigSource source;

    @Nullable
    Exception startFailure;

    /** What reloads end with, in turn; then with success that changes nothing. */
    final Queue<ReloadResult> reloadResults = new ConcurrentLinkedQueue<>();

    /** Where reloads wait, if anywhere. */
    volatile @Nullable Gate reloadGate;

    volatile @Nullable RuntimeException reloadFailure;

    OptionalInt adminPort = OptionalInt.of(9901);
    int port = 3000;
    int cut;

    @Override
    public RunningBalancer create(LbConfig config, @Nullable ConfigSource source) {
        this.config = config;
        this.source = source;
        return this;
    }

    @Override
    public void start() throws IOException {
        calls.add("start");
        if (startFailure instanceof IOException failure) {
            throw failure;
        }
        if (startFailure instanceof RuntimeException failure) {
            throw failure;
        }
    }

    @Override
    public void reopenLogs() {
        calls.add("reopen logs");
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public OptionalInt adminPort() {
        return adminPort;
    }

    @Override
    public ReloadResult reload() {
        calls.add("reload");
        Gate gate = reloadGate;
        if (gate != null) {
            try {
                gate.pass();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        RuntimeException failure = reloadFailure;
        if (failure != null) {
            reloadFailure = null;
            throw failure;
        }
        ReloadResult result = reloadResults.poll();
        return result == null ? new ReloadResult.Success(List.of(), List.of()) : result;
    }

    @Override
    public int drain() throws InterruptedException {
        calls.add("drain");
        draining.countDown();
        drained.await();
        calls.add("drained");
        return cut;
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
