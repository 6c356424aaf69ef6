package io.breakwater.containers;

import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.model.ContainerNetwork;
import java.time.Duration;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/** A container with {@code lb backend}, and what can happen to one. Others on its network find it by its name. */
final class Replica implements AutoCloseable {
    private static final int PORT = 3001;

    private final String name;
    private final Network network;
    private final GenericContainer<?> container;

    private Replica(String name, Network network) {
        this.name = name;
        this.network = network;
        this.container = Image.withoutHealthCheck()
                .withNetwork(network)
                .withNetworkAliases(name)
                .withCommand("backend", "--port", String.valueOf(PORT))
                .withExposedPorts(PORT)
                .waitingFor(Wait.forLogMessage("replica ready on .*\\n", 1));
    }

    static Replica start(String name, Network network) {
        Replica replica = new Replica(name, network);
        replica.container.start();
        return replica;
    }

    String name() {
        return name;
    }

    /** Makes it answer this much later. */
    void slowDown(int millis) {
        Http.put(
                Http.url(container, PORT, "/faults"),
                "{\"mode\":\"slow\",\"latencyMillis\":" + millis + ",\"rate\":1}");
    }

    /** Its address on the network. */
    String address() {
        return Image.addressOf(container);
    }

    /** SIGKILL: its connections break. */
    void kill() {
        docker().killContainerCmd(id()).exec();
    }

    void startAgain() {
        docker().startContainerCmd(id()).exec();
    }

    /** SIGTERM, and up again. */
    void restart() {
        docker().restartContainerCmd(id()).exec();
    }

    /** Its connections stay and nothing is answered on them; its kernel takes new ones. */
    void pause() {
        // A busy machine may need more than one try to freeze all threads.
        await().atMost(Duration.ofMinutes(1))
                .ignoreException(InternalServerErrorException.class)
                .until(() -> {
                    docker().pauseContainerCmd(id()).exec();
                    return true;
                });
    }

    void unpause() {
        docker().unpauseContainerCmd(id()).exec();
    }

    /** From now on packets to it go nowhere. */
    void cutOff() {
        docker().disconnectFromNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(id())
                .exec();
    }

    void reconnect() {
        docker().connectToNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(id())
                .withContainerNetwork(new ContainerNetwork().withAliases(name))
                .exec();
    }

    /** Kills and removes it. */
    @Override
    public void close() {
        container.stop();
    }

    private String id() {
        return container.getContainerId();
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }
}
