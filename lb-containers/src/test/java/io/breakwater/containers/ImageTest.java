package io.breakwater.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.Network;
import org.testcontainers.junit.jupiter.Testcontainers;

/** What the image promises to those who run it, whatever their replicas do. */
@Testcontainers(disabledWithoutDocker = true)
class ImageTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Steps steps = new Steps();

    @BeforeAll
    static void needsTheImage() {
        Image.assumeBuilt();
    }

    @Test
    void itsHealthCheckFindsTheBalancer() {
        try (Balancer balancer = Balancer.startWithHealthCheck(Network.SHARED)) {
            await().atMost(LIMIT).until(balancer::healthCheck, "healthy"::equals);
            steps.seen("a balancer is healthy");
        }
    }

    @Test
    void itsHealthCheckMissesABalancerThatIsNotThere() {
        try (Balancer elsewhere = Balancer.startWithHealthCheck(Network.SHARED, "--set", "lb.listen.port=3999")) {
            await().atMost(LIMIT).until(elsewhere::healthCheck, "unhealthy"::equals);
            steps.seen("a balancer that does not listen where it should is unhealthy");
        }
    }

    @Test
    void javaIsTheFirstProcessAndOwnsNothingButItsFolder() throws Exception {
        try (Balancer balancer = Balancer.start(Network.SHARED)) {
            assertThat(balancer.shell("cat /proc/1/comm")).isEqualTo("java");
            assertThat(balancer.shell("stat -c %u:%g /proc/1")).isEqualTo("10001:10001");
            assertThat(balancer.shell("touch /var/lib/breakwater/file && echo written"))
                    .isEqualTo("written");
            assertThat(balancer.shell("find /opt /etc /bin -writable ! -type l"))
                    .isEmpty();
            steps.seen("the process is java, not root, and cannot write where programs are");
        }
    }

    @Test
    void anOperatorNeedsTheToken() {
        try (Balancer balancer = Balancer.start(Network.SHARED)) {
            assertThat(balancer.drain("replica-1")).isEqualTo(401);
            assertThat(balancer.drain("replica-1", "Authorization", "Bearer wrong"))
                    .isEqualTo(401);
            assertThat(balancer.backend("replica-1").adminState()).isEqualTo("enabled");
            assertThat(balancer.drain("replica-1", "Authorization", "Bearer " + Balancer.TOKEN))
                    .isEqualTo(200);
            assertThat(balancer.backend("replica-1").adminState()).isEqualTo("draining");
            steps.seen("writes are refused without the token, and taken with it");
        }
    }

    @Test
    void sigtermEndsWhatIsUnderWayAndExitsWith0() throws Exception {
        try (Network network = Network.newNetwork();
                Replica replica = Replica.start("replica-1", network);
                Balancer balancer = Balancer.start(
                        network,
                        "--set",
                        "lb.pools.replicas.backends=[{url=\"http://replica-1:3001\",id=replica-1}]",
                        "--set",
                        "lb.pools.replicas.timeouts.response-head=9s")) {
            replica.slowDown(5_000);
            CompletableFuture<HttpResponse<String>> slow = Http.getAsync(balancer.resource());
            await().atMost(LIMIT).until(() -> balancer.backend("replica-1").inFlight() == 1);
            steps.seen("a request is under way");

            assertThat(balancer.terminate()).isZero();
            assertThat(slow.get(1, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
            steps.seen("SIGTERM: it was answered with 200, and the exit code is 0");
        }
    }
}
