package io.breakwater.containers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Testcontainers;

/** Replicas come and go behind a balancer that runs conf/compose.conf as it is, health checks included. */
@Testcontainers(disabledWithoutDocker = true)
class RotationTest {
    private static Deployment deployment;

    private final Steps steps = new Steps();

    @BeforeAll
    static void start() {
        Image.assumeBuilt();
        deployment = Deployment.start();
    }

    @AfterAll
    static void stop() {
        if (deployment != null) {
            deployment.close();
        }
    }

    @Test
    void noGetFailsWhileAReplicaRestarts() throws Exception {
        Replica replica = deployment.replicas().get(0);
        try (Load load = Load.on(deployment.balancer())) {
            deployment.awaitThatItServes(replica);
            steps.seen("restart: users are served by the replica, as by the others");

            replica.restart();
            steps.seen("restart: done");

            deployment.awaitThatItServes(replica);
            steps.seen("restart: it serves; answers, all of them 200: " + load.endWithNothingBut200());
        }
    }

    @Test
    void aReplacementIsFoundByItsNameAtANewAddress() throws Exception {
        Replica replica = deployment.replicas().get(2);
        String address = replica.address();
        try (Load load = Load.on(deployment.balancer())) {
            deployment.awaitThatItServes(replica);
            steps.seen("replacement: users are served by the replica, as by the others");

            replica.close();
            deployment.awaitThat(replica, backend -> backend.health().equals("unhealthy"));
            steps.seen("replacement: the replica is gone, its backend unhealthy");

            try (Stranger stranger = Stranger.start(deployment.network());
                    Replica replacement = Replica.start(replica.name(), deployment.network())) {
                assertThat(stranger.address()).as("the stranger's address").isEqualTo(address);
                steps.seen("replacement: a stranger has its address, " + replacement.address() + " its name");

                deployment.awaitThat(replica, backend -> backend.health().equals("healthy"));
                deployment.awaitThatItServes(replica);
                steps.seen("replacement: it serves; answers, all of them 200: " + load.endWithNothingBut200());
            }
        }
    }
}
