package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigJsonTest {
    private static final String TEXT = """
            lb.admin.token = s3cret
            lb.routes = [{ name = "a \\"b\\"", prefix = "/", pool = p.q }]
            lb.pools."p.q" { backends = ["http://a", { url = "http://[::1]:82", weight = 3 }], breaker.cooldown = 7s }
            """;

    @Test
    void isJsonWithEveryKeyAndLoadsAgainAsTheSame() throws ConfigProblems {
        LbConfig config = load(TEXT);

        String json = ConfigJson.of(config);

        LbConfig again = load(json);
        assertThat(again.pools()).isEqualTo(config.pools());
        assertThat(again.routes()).isEqualTo(config.routes());
        assertThat(again.listen()).isEqualTo(config.listen());
        assertThat(again.shutdown()).isEqualTo(config.shutdown());
        assertThat(parsed(json).getString("lb.pools.\"p.q\".breaker.cooldown")).isEqualTo("7s");
    }

    @Test
    void tellsThePortThatIsTheDefaultAndNoSecret() throws ConfigProblems {
        String json = ConfigJson.of(load(TEXT));

        assertThat(parsed(json).getInt("lb.admin.port")).isEqualTo(9901);
        assertThat(parsed(json).getString("lb.admin.token")).isEqualTo("(hidden)");
        assertThat(json).doesNotContain("s3cret", "ADMIN_TOKEN", "${");
    }

    @Test
    void showsThatThereIsNoToken() throws ConfigProblems {
        assertThat(parsed(ConfigJson.of(load(TEXT + "lb.admin { token = \"\", port = 0 }")))
                        .getString("lb.admin.token"))
                .isEmpty();
    }

    private static Config parsed(String json) {
        return ConfigFactory.parseString(json, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    }

    private static LbConfig load(String text) throws ConfigProblems {
        return new ConfigLoader(Map.of(), () -> Long.MAX_VALUE)
                .parse(text, "test", List.of())
                .config();
    }
}
