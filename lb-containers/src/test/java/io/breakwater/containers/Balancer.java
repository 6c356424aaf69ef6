package io.breakwater.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.HealthCheck;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A container with the balancer, configured by the image's conf/compose.conf, and what an operator sees of it. */
final class Balancer implements AutoCloseable {
    static final String TOKEN = "token-of-the-tests";

    private static final int PORT = 3000;
    private static final int ADMIN_PORT = 9901;
    private static final int STOP_SECONDS = 60;
    private static final String POOLS = "/api/v1/pools";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final GenericContainer<?> container;

    private Balancer(GenericContainer<?> container) {
        this.container = container;
    }

    /** Starts one with these arguments besides its configuration file. */
    static Balancer start(Network network, String... arguments) {
        return start(Image.withoutHealthCheck(), network, arguments);
    }

    /** Starts one with the image's health check, which is made more often here. */
    static Balancer startWithHealthCheck(Network network, String... arguments) {
        GenericContainer<?> container = new GenericContainer<>(Image.NAME)
                .withCreateContainerCmdModifier(create -> create.withHealthcheck(new HealthCheck()
                        .withInterval(Duration.ofSeconds(2).toNanos())
                        .withStartPeriod(Duration.ofSeconds(1).toNanos())));
        return start(container, network, arguments);
    }

    private static Balancer start(GenericContainer<?> container, Network network, String... arguments) {
        String[] command = Stream.concat(Stream.of("-c", "/opt/breakwater/conf/compose.conf"), Arrays.stream(arguments))
                .toArray(String[]::new);
        container
                .withNetwork(network)
                .withEnv("ADMIN_TOKEN", TOKEN)
                .withCommand(command)
                .withExposedPorts(PORT, ADMIN_PORT)
                .waitingFor(Wait.forHttp("/livez").forPort(ADMIN_PORT))
                .start();
        return new Balancer(container);
    }

    /** What clients ask for. */
    URI resource() {
        return Http.url(container, PORT, "/api/resource");
    }

    /** What the API says of a backend of the only pool. */
    Backend backend(String id) {
        String body = Http.get(admin(POOLS), "Authorization", "Bearer " + TOKEN).body();
        for (JsonNode backend : JSON.readTree(body).at("/pools/0/backends")) {
            if (backend.path("id").asString().equals(id)) {
                return new Backend(
                        backend.path("adminState").asString(),
                        backend.path("health").asString(),
                        backend.at("/breaker/state").asString(),
                        backend.path("inFlight").asInt(),
                        backend.path("successes").asLong());
            }
        }
        throw new IllegalStateException("no backend " + id + " in " + body);
    }

    /** What the API says of a backend. */
    record Backend(String adminState, String health, String circuit, int inFlight, long successes) {}

    /** The status that answers an operator who asks with these headers to drain this backend. */
    int drain(String id, String... headers) {
        return Http.post(admin(POOLS + "/replicas/backends/" + id + "/drain"), headers)
                .statusCode();
    }

    /** What the image's health check found: {@code starting}, {@code healthy} or {@code unhealthy}. */
    String healthCheck() {
        return state().getHealth().getStatus();
    }

    /** What it wrote so far. */
    String log() {
        return container.getLogs();
    }

    /** What a command of the shell in the container prints. */
    String shell(String command) throws IOException, InterruptedException {
        ExecResult result = container.execInContainer("sh", "-c", command);
        return result.getStdout().strip();
    }

    /** SIGTERM, and SIGKILL if that did not end it in time. Returns the exit code. */
    long terminate() {
        docker().stopContainerCmd(container.getContainerId())
                .withTimeout(STOP_SECONDS)
                .exec();
        return state().getExitCodeLong();
    }

    private ContainerState state() {
        return docker().inspectContainerCmd(container.getContainerId()).exec().getState();
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }

    private URI admin(String path) {
        return Http.url(container, ADMIN_PORT, path);
    }

    @Override
    public void close() {
        container.stop();
    }
}
