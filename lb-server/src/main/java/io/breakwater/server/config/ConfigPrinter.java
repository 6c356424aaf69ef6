package io.breakwater.server.config;

import com.typesafe.config.ConfigUtil;
import io.breakwater.server.config.BalanceConfig.HashKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes an effective configuration as HOCON: every key with its value, defaults too. What it writes loads again as an
 * equal configuration. A secret is not written; a required substitution stands in its place, so that the text loads only
 * where the secret is in the environment, never with a made-up one.
 */
public final class ConfigPrinter {

    private static final int INDENT = 2;

    private final StringBuilder out = new StringBuilder();
    private int depth;

    private ConfigPrinter() {}

    public static String print(LbConfig config) {
        ConfigPrinter printer = new ConfigPrinter();
        printer.block("lb", () -> printer.lb(config));
        return printer.out.toString();
    }

    private void lb(LbConfig config) {
        block("listen", () -> listen(config.listen()));
        block("admin", () -> admin(config.admin()));
        block("runtime", () -> {
            line("transport", config.runtime().transport().text());
            line("event-loops", config.runtime().eventLoops());
        });
        block("metrics", () -> line("enabled", config.metrics().enabled()));
        block("shutdown", () -> {
            line("delay", config.shutdown().delay());
            line("drain", config.shutdown().drain());
        });
        indent().append("routes = [\n");
        depth++;
        for (RouteConfig route : config.routes()) {
            block("", () -> route(route));
        }
        depth--;
        indent().append("]\n");
        block("pools", () -> config.pools().values().forEach(pool -> block(quoted(pool.name()), () -> pool(pool))));
    }

    private void listen(ListenerConfig listen) {
        line("host", quoted(listen.host()));
        line("port", listen.port());
        line("max-connections", listen.maxConnections());
        line("trusted-proxies", list(listen.trustedProxies()));
        line("health-path", quoted(listen.healthPath()));
        line("circuit-state-header", quoted(listen.circuitStateHeader()));
        block("limits", () -> {
            line("request-line", Units.size(listen.limits().requestLineBytes()));
            line("headers", Units.size(listen.limits().headersBytes()));
            line("header-count", listen.limits().headerCount());
            line("body", Units.size(listen.limits().bodyBytes()));
        });
        block("timeouts", () -> {
            line("request-head", listen.timeouts().requestHead());
            line("request-body-idle", listen.timeouts().requestBodyIdle());
            line("keep-alive-idle", listen.timeouts().keepAliveIdle());
            line("write-idle", listen.timeouts().writeIdle());
        });
    }

    private void admin(AdminConfig admin) {
        line("host", quoted(admin.host()));
        if (admin.portSetExplicitly()) {
            line("port", admin.port());
        } else {
            indent().append("# port = ").append(admin.port()).append("  (the default; a busy one is only a warning)\n");
        }
        if (admin.token().isEmpty()) {
            line("token", quoted(""));
        } else {
            line("token", "${ADMIN_TOKEN}  # hidden");
        }
    }

    private void route(RouteConfig route) {
        line("name", quoted(route.name()));
        optionalLine("host", route.host());
        optionalLine("path", route.path());
        optionalLine("prefix", route.prefix());
        line("methods", list(route.methods()));
        line("pool", quoted(route.pool()));
        optionalLine("rewrite", route.rewrite());
        line("strip-prefix", route.stripPrefix());
    }

    private void pool(PoolConfig pool) {
        indent().append("backends = [\n");
        depth++;
        for (BackendConfig backend : pool.backends()) {
            indent().append("{ url = ").append(quoted(backend.url()));
            out.append(", id = ").append(quoted(backend.id()));
            out.append(", weight = ").append(backend.weight());
            out.append(", priority = ").append(backend.priority()).append(" }\n");
        }
        depth--;
        indent().append("]\n");
        HashKey hashed = pool.balance().hashKey();
        line("balance", hashed == null ? pool.balance().policy().text() : "{ hash = " + quoted(hashed.text()) + " }");
        line("backend-errors", pool.backendErrors().text());
        line("host-header", pool.hostHeader().text());
        block("breaker", () -> {
            line("enabled", pool.breaker().enabled());
            line("consecutive-failures", pool.breaker().consecutiveFailures());
            line("failure-statuses", list(pool.failureStatuses().ranges()));
            line("cooldown", pool.breaker().cooldown());
            block("half-open", () -> {
                line("concurrent-probes", pool.breaker().concurrentProbes());
                line("successes-to-close", pool.breaker().successesToClose());
                line("probe-timeout", pool.breaker().probeTimeout());
            });
            line("min-available", pool.minAvailable());
        });
        block("health-check", () -> {
            line("enabled", pool.healthCheck().enabled());
            line("initial", pool.healthCheck().initial().label());
            line("type", pool.probe().type().text());
            line("path", quoted(pool.probe().path()));
            line("expect-status", list(pool.probe().expectStatuses().ranges()));
            line("interval", pool.healthCheck().interval());
            line("timeout", pool.healthCheck().timeout());
            line("rise", pool.healthCheck().rise());
            line("fall", pool.healthCheck().fall());
            line("jitter", Units.ratio(pool.healthCheck().jitter()));
            line("unhealthy-interval", pool.healthCheck().unhealthyInterval());
        });
        block("concurrency", () -> {
            line("max-per-backend", pool.concurrency().maxPerBackend());
            line("adaptive", pool.concurrency().adaptive());
            line("queue", pool.concurrency().queue());
            line("queue-timeout", pool.concurrency().queueTimeout());
        });
        block("connections", () -> {
            line("max-idle-per-backend", pool.connections().maxIdlePerBackend());
            line("idle-timeout", pool.connections().idleTimeout());
        });
        block("timeouts", () -> {
            line("connect", pool.timeouts().connect());
            line("response-head", pool.timeouts().responseHead());
            line("response-idle", pool.timeouts().responseIdle());
            line("request", pool.timeouts().request());
        });
        block("retries", () -> retries(pool.retries()));
        block("slow-start", () -> {
            line("enabled", pool.slowStart().enabled());
            line("duration", pool.slowStart().duration());
            line("min-weight", Units.ratio(pool.slowStart().minWeight()));
            line("min-successes", pool.slowStart().minSuccesses());
        });
    }

    private void retries(RetriesConfig retries) {
        line("max", retries.max());
        List<String> on = new ArrayList<>();
        retries.on().stream().sorted().forEach(each -> on.add(each.text()));
        on.addAll(retries.statuses().ranges());
        line("on", list(on));
        block("budget", () -> {
            line("ratio", Units.ratio(retries.budget().ratio()));
            line("min-per-second", retries.budget().minPerSecond());
            line("window", retries.budget().window());
        });
        line("body-buffer", Units.size(retries.bodyBufferBytes()));
        line("per-try-timeout", retries.perTryTimeout());
    }

    private void block(String name, Runnable content) {
        indent().append(name).append(name.isEmpty() ? "{\n" : " {\n");
        depth++;
        content.run();
        depth--;
        indent().append("}\n");
    }

    private void optionalLine(String key, @Nullable String value) {
        if (value != null) {
            line(key, quoted(value));
        }
    }

    private void line(String key, Duration value) {
        line(key, Units.duration(value));
    }

    private void line(String key, Object value) {
        indent().append(key).append(" = ").append(value).append('\n');
    }

    private StringBuilder indent() {
        return out.append(" ".repeat(depth * INDENT));
    }

    private static String list(Collection<?> items) {
        return items.stream().map(item -> quoted(item.toString())).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String quoted(String text) {
        return ConfigUtil.quoteString(text);
    }
}
