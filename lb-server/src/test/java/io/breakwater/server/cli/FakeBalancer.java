package io.breakwater.server.cli;

import io.breakwater.server.config.LbConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A balancer that opens no port and says what was done to it. */
final class FakeBalancer implements Balancer, BalancerFactory {

    final List<String> calls = new ArrayList<>();
    final CountDownLatch draining = new CountDownLatch(1);
    final CountDownLatch drained = new CountDownLatch(1);

    @Nullable
    LbConfig config;

    @Nullable
    Exception startFailure;

    OptionalInt adminPort = OptionalInt.of(9901);
    int port = 3000;
    int cut;

    @Override
    public Balancer create(LbConfig config) {
        this.config = config;
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
    public int port() {
        return port;
    }

    @Override
    public OptionalInt adminPort() {
        return adminPort;
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
