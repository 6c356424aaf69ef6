package io.breakwater.server.fallback;

import io.breakwater.server.config.FallbackConfig;
import io.breakwater.server.config.FallbackConfig.Static;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.RouteConfig;
import io.breakwater.server.http.StoredResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The responses of a configuration's fallbacks of type {@code static}, with what their files hold now. Immutable. */
public final class StaticResponses {
    /** It is held in memory; what is larger belongs to a server of files. */
    private static final int MOST_FILE_BYTES = 64 << 20;

    private static final byte[] NO_BYTES = {};

    private final Map<Static, StoredResponse> ready;

    private StaticResponses(Map<Static, StoredResponse> ready) {
        this.ready = ready;
    }

    /**
     * Reads the files. Blocks.
     *
     * @throws IOException if one cannot be read; its message is a problem's line, with key, value and rule
     */
    public static StaticResponses read(LbConfig config) throws IOException {
        Map<Static, StoredResponse> ready = new HashMap<>();
        List<RouteConfig> routes = config.routes();
        for (int route = 0; route < routes.size(); route++) {
            List<FallbackConfig> fallbacks = routes.get(route).fallback();
            for (int i = 0; i < fallbacks.size(); i++) {
                if (fallbacks.get(i) instanceof Static one && !ready.containsKey(one)) {
                    ready.put(one, ready(one, "lb.routes[" + route + "].fallback[" + i + "].file"));
                }
            }
        }
        return new StaticResponses(ready);
    }

    /** The response of one that stands in the configuration. */
    public StoredResponse of(Static config) {
        return Objects.requireNonNull(ready.get(config));
    }

    private static StoredResponse ready(Static config, String key) throws IOException {
        String file = config.file();
        String text = config.body();
        byte[] body =
                file != null ? content(file, key) : text == null ? NO_BYTES : text.getBytes(StandardCharsets.UTF_8);
        return StoredResponse.own(config.status(), config.headers(), config.contentType(), body);
    }

    private static byte[] content(String file, String key) throws IOException {
        byte[] content;
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            content = in.readNBytes(MOST_FILE_BYTES + 1);
        } catch (IOException e) {
            throw new IOException(key + ": " + file + " (expected: a file that can be read): " + e, e);
        }
        if (content.length > MOST_FILE_BYTES) {
            throw new IOException(key + ": " + file + " (expected: a file of at most 64MiB)");
        }
        return content;
    }
}
