package io.breakwater.server.forwarding;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Gate;
import io.breakwater.server.fixtures.HttpMessage;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.RawClient;
import io.breakwater.server.fixtures.ScriptedBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A balancer that is told to stop: nothing new, nothing lost, and an end in any case. */
@Timeout(60)
class DrainTest {
    private final ScriptedBackend backend = ScriptedBackend.start();
    private final Gate gate = new Gate();

    @AfterEach
    void stop() throws IOException {
        gate.open();
        backend.close();
    }

    private Proxy proxy(String drain) {
        return Proxy.start(Conf.everything(backend.url(), "lb.shutdown { delay = 0s, drain = " + drain + " }"));
    }

    private static FutureTask<Integer> draining(Proxy proxy) {
        FutureTask<Integer> drain = new FutureTask<>(proxy::drain);
        Thread thread = new Thread(drain, "drain");
        thread.setDaemon(true);
        thread.start();
        return drain;
    }

    @Test
    void idleConnectionsAreClosedAndNewOnesRefused() throws Exception {
        try (Proxy proxy = proxy("20s");
                RawClient used = proxy.connect();
                RawClient fresh = proxy.connect()) {
            assertThat(used.get("/").read().status()).isEqualTo(200);

            assertThat(draining(proxy).get()).isZero();

            assertThat(used.readByte()).isEqualTo(-1);
            assertThat(fresh.readByte()).isEqualTo(-1);
            assertThatThrownBy(proxy::connect).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void aRequestUnderWayIsAnsweredAndToldThatItIsTheLast() throws Exception {
        backend.answer(Answers.gated(gate, Answers.ok("last")));
        try (Proxy proxy = proxy("20s");
                RawClient client = proxy.connect();
                RawClient idle = proxy.connect()) {
            assertThat(idle.get("/health").read().status()).isEqualTo(200);
            client.get("/");
            backend.awaitRequests(1);
            FutureTask<Integer> drain = draining(proxy);
            assertThat(idle.readByte()).isEqualTo(-1);
            assertThat(drain.isDone()).isFalse();

            gate.open();
            HttpMessage response = client.read();

            assertThat(response.text()).isEqualTo("last");
            assertThat(response.field("Connection")).isEqualToIgnoringCase("close");
            assertThat(client.readByte()).isEqualTo(-1);
            assertThat(drain.get()).isZero();
        }
    }

    @Test
    void whatIsNotDoneInTimeIsCutAndCounted() throws Exception {
        backend.answer(Answers.hang());
        try (Proxy proxy = proxy("200ms");
                RawClient client = proxy.connect()) {
            client.get("/");
            backend.awaitRequests(1);

            assertThat(draining(proxy).get()).isEqualTo(1);

            client.readEnd();
            eventually(() -> assertThat(proxy.metric("lb_backend_in_flight")).isZero());
            assertThat(proxy.backend("default", backend).getInt("breaker.consecutiveFailures"))
                    .as("our own shutdown is not the backend's fault")
                    .isZero();
        }
    }
}
