package io.breakwater.server.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.util.Map;

/**
 * An effective configuration as JSON: what {@link ConfigPrinter} writes, with the keys and the units of the file. A
 * secret reads {@value #HIDDEN}.
 */
public final class ConfigJson {
    static final String HIDDEN = "(hidden)";

    private ConfigJson() {}

    public static String of(LbConfig config) {
        Config printed = ConfigFactory.parseString(ConfigPrinter.print(config))
                .resolveWith(ConfigFactory.parseMap(Map.of("ADMIN_TOKEN", HIDDEN)))
                // A default port is printed as a comment, for a busy one is fatal only if it stands in the file.
                .withValue(
                        "lb.admin.port",
                        ConfigValueFactory.fromAnyRef(config.admin().port()));
        return printed.root().render(ConfigRenderOptions.concise().setFormatted(true));
    }
}
