package io.breakwater.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExplainResourceTest {
    private final FakeExplainer explainer = new FakeExplainer();
    private final ExplainResource resource = new ExplainResource(explainer);

    @ParameterizedTest
    @CsvSource({
        "pool=a, pool a",
        "pool=a%2Fb+c, pool a/b+c",
        "path=/x, GET null /x",
        "path=/x%3Fy%3D1;z&method=POST&host=h:1, POST h:1 /x?y=1;z",
        "path=, GET null ''",
    })
    void readsWhatIsAskedFor(String query, String call) {
        assertThat(resource.answer(query).status().code()).isEqualTo(200);
        assertThat(explainer.calls).containsExactly(call.replace("''", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "pool=a&path=/x",
                "pool=a&method=GET",
                "pool=a&pool=b",
                "path=/&path=/",
                "method=GET",
                "path=/&backend=a",
                "pool=%",
                "pool=%zz"
            })
    void refusesWhatItDoesNotUnderstand(String query) {
        assertThat(resource.answer(query).status().code()).isEqualTo(400);
        assertThat(explainer.calls).isEmpty();
    }

    @Test
    void writesEveryField() {
        assertThat(new String(resource.answer("pool=default").body(), UTF_8))
                .isEqualTo("{\"pool\":\"default\",\"route\":\"cart\",\"candidates\":["
                        + "{\"id\":\"a:1\",\"eligible\":true,\"code\":\"eligible\",\"reason\":\"The circuit is closed.\","
                        + "\"since\":null,\"until\":null},"
                        + "{\"id\":\"b:1\",\"route\":\"cart\",\"eligible\":false,\"code\":\"circuit_open\","
                        + "\"reason\":\"The circuit is \\\"open\\\".\",\"since\":\"2026-01-01T11:59:59.999Z\","
                        + "\"until\":\"2026-01-01T12:00:00.000Z\"}],\"fallbacks\":[\"stale\",\"static\"]}");
    }

    @Test
    void leavesTheFallbacksOutWhereAPoolWasAskedFor() {
        explainer.answer = new Explained.Candidates("default", null, List.of(), null);

        assertThat(new String(resource.answer("pool=default").body(), UTF_8))
                .isEqualTo("{\"pool\":\"default\",\"route\":null,\"candidates\":[]}");
    }

    @Test
    void saysWhatIsMissingOrMalformed() {
        explainer.answer = new Explained.Missing("no pool");
        assertThat(resource.answer("pool=a").status().code()).isEqualTo(404);

        explainer.answer = new Explained.Malformed("what?");
        assertThat(resource.answer("path=a").status().code()).isEqualTo(400);
    }
}
