package io.breakwater.server.config;

import java.util.List;

/**
 * A configuration that passed every check.
 *
 * @param warnings what is legal but unwise in it
 */
public record LoadedConfig(LbConfig config, List<Problem> warnings) {

    public LoadedConfig {
        warnings = List.copyOf(warnings);
    }
}
