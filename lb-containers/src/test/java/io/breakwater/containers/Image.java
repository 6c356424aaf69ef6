package io.breakwater.containers;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.HealthCheck;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** The image under test, which is built before the tests, and containers of it. */
final class Image {
    static final DockerImageName NAME = DockerImageName.parse("breakwater:test");

    private static final boolean REQUIRED = "required".equals(System.getenv("CI_CONTAINERS"));

    private Image() {}

    /** Skips the tests of the caller where the image was not built; if the environment requires it, they fail. */
    static void assumeBuilt() {
        String missing = "no image; first: docker build -t " + NAME + " .";
        if (REQUIRED) {
            assertThat(isBuilt()).as(missing).isTrue();
        } else {
            Assumptions.assumeTrue(isBuilt(), missing);
        }
    }

    private static boolean isBuilt() {
        try {
            DockerClientFactory.lazyClient()
                    .inspectImageCmd(NAME.asCanonicalNameString())
                    .exec();
            return true;
        } catch (NotFoundException missing) {
            return false;
        }
    }

    /** A container for tests that do not ask for its health: each check is a JVM, and takes its time from the others. */
    static GenericContainer<?> withoutHealthCheck() {
        return new GenericContainer<>(NAME)
                .withCreateContainerCmdModifier(
                        create -> create.withHealthcheck(new HealthCheck().withTest(List.of("NONE"))));
    }

    /** The address of a container on its only network. */
    static String addressOf(GenericContainer<?> container) {
        return container.getCurrentContainerInfo().getNetworkSettings().getNetworks().values().stream()
                .map(ContainerNetwork::getIpAddress)
                .findFirst()
                .orElseThrow();
    }
}
