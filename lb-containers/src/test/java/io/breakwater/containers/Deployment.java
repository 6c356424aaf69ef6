package io.breakwater.containers;

import static org.awaitility.Awaitility.await;

import io.breakwater.containers.Balancer.Backend;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.testcontainers.containers.Network;

/** A balancer and its three replicas, running, on a network of their own. */
record Deployment(Network network, Balancer balancer, List<Replica> replicas) implements AutoCloseable {
    /** A name is looked up again after up to 30 s, a circuit is tried again after 5 s, and machines are slow. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /** Starts all of it, the balancer with these arguments besides its configuration file. */
    static Deployment start(String... arguments) {
        Network network = Network.newNetwork();
        List<Replica> replicas = Stream.of("replica-1", "replica-2", "replica-3")
                .map(name -> Replica.start(name, network))
                .toList();
        return new Deployment(network, Balancer.start(network, arguments), replicas);
    }

    /** Waits until the balancer says this of the replica. */
    void awaitThat(Replica replica, Predicate<Backend> condition) {
        await().atMost(LIMIT).until(() -> balancer.backend(replica.name()), condition);
    }

    /** Waits until the replica has served another request of the load that the caller makes. */
    void awaitThatItServes(Replica replica) {
        long before = balancer.backend(replica.name()).successes();
        awaitThat(replica, backend -> backend.successes() > before);
    }

    @Override
    public void close() {
        balancer.close();
        replicas.forEach(Replica::close);
        network.close();
    }
}
