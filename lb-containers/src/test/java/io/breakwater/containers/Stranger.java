package io.breakwater.containers;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/** A container that takes the first free address of a network and listens nowhere. */
final class Stranger implements AutoCloseable {
    private final GenericContainer<?> container;

    private Stranger(GenericContainer<?> container) {
        this.container = container;
    }

    static Stranger start(Network network) {
        GenericContainer<?> container = Image.withoutHealthCheck()
                .withNetwork(network)
                .withCreateContainerCmdModifier(create -> create.withEntrypoint("sleep", "600"));
        container.start();
        return new Stranger(container);
    }

    /** Its address on the network. */
    String address() {
        return Image.addressOf(container);
    }

    /** Kills and removes it. */
    @Override
    public void close() {
        container.stop();
    }
}
