package io.breakwater.server.fallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.breakwater.server.config.ConfigLoader;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.fixtures.Conf;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fallbacks that could not do what they say are refused before anything runs. */
class FallbackConfigTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ type = static, status = 204, body = x } | one that has a body",
                "{ type = static, status = 304, file = pom.xml } | one that has a body",
                "{ type = static, headers { x-breakwater-fallback = pool } } | other than the balancer's own",
                "{ type = static, headers { x-circuit-state = closed } } | other than a listener's circuit-state-header",
                "{ type = stale }, { type = stale, max-age = 1s } | at most one of type stale",
                "{ type = pool, pool = default } | another pool than the route's own",
            })
    void isRefused(String fallbacks, String rule) {
        String conf = Conf.everything(
                "http://localhost:1",
                "lb.routes = [ { prefix = \"/\", pool = default, fallback = [" + fallbacks + "] } ]");

        ConfigProblems problems = catchThrowableOfType(
                ConfigProblems.class,
                () -> new ConfigLoader(Map.of(), () -> Long.MAX_VALUE).parse(conf, "test.conf", List.of()));

        assertThat(problems).hasMessageContaining("lb.routes[0]").hasMessageContaining(rule);
    }
}
