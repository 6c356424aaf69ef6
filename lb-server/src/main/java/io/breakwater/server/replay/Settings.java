package io.breakwater.server.replay;

import com.typesafe.config.ConfigUtil;
import io.breakwater.health.breaker.BreakerConfig;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.server.config.Units;
import java.util.Locale;

/** Breaker settings as text: those that decide when a circuit opens, and for how long. */
final class Settings {
    private Settings() {}

    /** In one line, without what has no effect. */
    static String line(BreakerConfig config) {
        StringBuilder line = new StringBuilder("consecutive-failures ").append(config.consecutiveFailures());
        WindowConfig window = config.window();
        if (window.type() != WindowConfig.Type.NONE) {
            line.append(", ")
                    .append(
                            window.type() == WindowConfig.Type.COUNT
                                    ? window.calls() + " calls"
                                    : Units.duration(window.duration()))
                    .append(" (at least ")
                    .append(window.minimumCalls())
                    .append(") failing ")
                    .append(Units.ratio(window.failureRate()))
                    .append(" or slower than ")
                    .append(Units.duration(window.slowCallDuration()))
                    .append(' ')
                    .append(Units.ratio(window.slowCallRate()));
        }
        return line.append(", cooldown ")
                .append(Units.duration(config.cooldown()))
                .toString();
    }

    /** As lines for a configuration file. */
    static String hocon(String pool, BreakerConfig config) {
        WindowConfig window = config.window();
        String text = "lb.pools." + ConfigUtil.joinPath(pool) + ".breaker {\n  consecutive-failures = "
                + config.consecutiveFailures() + "\n  cooldown = " + Units.duration(config.cooldown()) + "\n";
        String type = window.type().name().toLowerCase(Locale.ROOT);
        if (window.type() == WindowConfig.Type.NONE) {
            return text + "  window.type = " + type + "\n}\n";
        }
        String size = window.type() == WindowConfig.Type.COUNT
                ? "calls = " + window.calls()
                : "duration = " + Units.duration(window.duration());
        return text
                + "  window { type = %s, %s, minimum-calls = %d, failure-rate = %s, slow-call-rate = %s,"
                        .formatted(
                                type,
                                size,
                                window.minimumCalls(),
                                Units.ratio(window.failureRate()),
                                Units.ratio(window.slowCallRate()))
                + " slow-call-duration = " + Units.duration(window.slowCallDuration()) + " }\n}\n";
    }
}
