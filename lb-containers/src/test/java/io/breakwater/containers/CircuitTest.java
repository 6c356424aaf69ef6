package io.breakwater.containers;

import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Testcontainers;

/**
 * What happens to a replica is met by its circuit alone: health checks are off, so that they cannot take it out before
 * the requests of users do.
 */
@Testcontainers(disabledWithoutDocker = true)
class CircuitTest {
    private static Deployment deployment;

    private final Steps steps = new Steps();

    @BeforeAll
    static void start() {
        Image.assumeBuilt();
        deployment = Deployment.start("--set", "lb.pools.replicas.health-check.enabled=false");
    }

    @AfterAll
    static void stop() {
        if (deployment != null) {
            deployment.close();
        }
    }

    @Test
    void noGetFailsWhileAReplicaIsKilledAndStarted() throws Exception {
        noGetFailsAndTheCircuitOpensAndCloses("killed", Replica::kill, Replica::startAgain);
    }

    @Test
    void noGetFailsWhileAReplicaIsFrozen() throws Exception {
        noGetFailsAndTheCircuitOpensAndCloses("paused", Replica::pause, Replica::unpause);
    }

    @Test
    void noGetFailsWhileAReplicaIsCutOff() throws Exception {
        noGetFailsAndTheCircuitOpensAndCloses("cut off", Replica::cutOff, Replica::reconnect);
    }

    private void noGetFailsAndTheCircuitOpensAndCloses(String what, Consumer<Replica> begin, Consumer<Replica> end)
            throws Exception {
        Replica replica = deployment.replicas().get(0);
        try (Load load = Load.on(deployment.balancer())) {
            deployment.awaitThatItServes(replica);
            steps.seen(what + ": users are served by the replica, as by the others");

            begin.accept(replica);
            deployment.awaitThat(replica, backend -> backend.circuit().equals("open"));
            steps.seen(what + ": its circuit is open");

            end.accept(replica);
            deployment.awaitThat(replica, backend -> backend.circuit().equals("closed"));
            steps.seen(what + ": it is over, the circuit closed");

            deployment.awaitThatItServes(replica);
            steps.seen(what + ": it serves; answers, all of them 200: " + load.endWithNothingBut200());
        }
    }
}
