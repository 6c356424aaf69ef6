package io.breakwater.dist;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LoadedConfig;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The manifests against the schema of the Kubernetes API, as its Java client has it: no field that is not there, none
 * missing that must be. And the configuration inside against the balancer's own rules.
 */
class KubernetesManifestsIT {
    private static final Path MANIFESTS = Path.of("..", "deploy", "kubernetes", "breakwater.yaml");

    /** What checks a document, by its kind. */
    private static final Map<String, Schema> SCHEMAS = Map.of(
            "v1/ConfigMap", V1ConfigMap::validateJsonElement,
            "apps/v1/Deployment", V1Deployment::validateJsonElement,
            "v1/Service", V1Service::validateJsonElement,
            "policy/v1/PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement);

    private static List<JsonObject> documents = List.of();

    @FunctionalInterface
    private interface Schema {
        void validate(JsonElement document) throws IOException;
    }

    @BeforeAll
    static void read() throws IOException {
        documents = new ArrayList<>();
        for (Object each : new Load(LoadSettings.builder().build()).loadAllFromString(Files.readString(MANIFESTS))) {
            documents.add(new Gson().toJsonTree(each).getAsJsonObject());
        }
    }

    private static String kind(JsonObject document) {
        return document.get("apiVersion").getAsString() + "/"
                + document.get("kind").getAsString();
    }

    private static JsonObject one(String kind) {
        return documents.stream()
                .filter(each -> kind(each).equals(kind))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void everyDocumentIsAsTheApiWantsIt() {
        assertThat(documents).hasSize(SCHEMAS.size()).allSatisfy(each -> {
            Schema schema = requireNonNull(SCHEMAS.get(kind(each)), "a schema for " + kind(each));
            assertThatCode(() -> schema.validate(each)).doesNotThrowAnyException();
        });
    }

    @Test
    void aFieldThatTheApiDoesNotHaveIsFound() {
        JsonObject deployment = one("apps/v1/Deployment").deepCopy();
        container(deployment).addProperty("imagePullPolice", "Always");

        assertThatThrownBy(() -> V1Deployment.validateJsonElement(deployment)).hasMessageContaining("imagePullPolice");
    }

    @Test
    void selectorsFindThePods() {
        JsonObject labels =
                pods(one("apps/v1/Deployment")).getAsJsonObject("metadata").getAsJsonObject("labels");

        assertThat(one("v1/Service").getAsJsonObject("spec").get("selector")).isEqualTo(labels);
        assertThat(one("policy/v1/PodDisruptionBudget")
                        .getAsJsonObject("spec")
                        .getAsJsonObject("selector")
                        .get("matchLabels"))
                .isEqualTo(labels);
        assertThat(one("apps/v1/Deployment")
                        .getAsJsonObject("spec")
                        .getAsJsonObject("selector")
                        .get("matchLabels"))
                .isEqualTo(labels);
    }

    @Test
    void theBalancerTakesTheConfiguration() throws ConfigProblems {
        String hocon =
                one("v1/ConfigMap").getAsJsonObject("data").get("lb.conf").getAsString();

        LoadedConfig loaded =
                new ConfigLoader(Map.of("ADMIN_TOKEN", "secret"), () -> 1_048_576).parse(hocon, "lb.conf", List.of());

        assertThat(loaded.warnings()).isEmpty();
        assertThat(loaded.config().admin().token()).isEqualTo("secret");
        assertThat(seconds("terminationGracePeriodSeconds"))
                .isGreaterThan(loaded.config().shutdown().delay().toSeconds()
                        + loaded.config().shutdown().drain().toSeconds());
    }

    private static long seconds(String key) {
        return pods(one("apps/v1/Deployment")).getAsJsonObject("spec").get(key).getAsLong();
    }

    private static JsonObject pods(JsonObject deployment) {
        return deployment.getAsJsonObject("spec").getAsJsonObject("template");
    }

    private static JsonObject container(JsonObject deployment) {
        return pods(deployment)
                .getAsJsonObject("spec")
                .getAsJsonArray("containers")
                .get(0)
                .getAsJsonObject();
    }
}
