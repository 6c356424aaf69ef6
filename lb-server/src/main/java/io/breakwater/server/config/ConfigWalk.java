package io.breakwater.server.config;

import com.typesafe.config.ConfigUtil;
import io.breakwater.health.breaker.WindowConfig;
import io.breakwater.server.config.BalanceConfig.HashKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A way through every key of a configuration, in one order and with the value as HOCON writes it. It is the only place
 * that knows which component of which record is which key, so that what is printed and what is compared cannot differ.
 */
abstract class ConfigWalk {

    /** An object under the key. */
    abstract void block(String key, Runnable content);

    /** A list of objects under the key. */
    abstract <T> void items(String key, Collection<T> items, Consumer<T> content);

    abstract void value(String key, String text);

    /** A value that nobody may see. */
    abstract void secret(String key, String text);

    void adminPort(AdminConfig admin) {
        value("port", admin.port());
    }

    final void lb(LbConfig config) {
        block("listen", () -> listen(config.listen()));
        block(
                "listeners",
                () -> config.listeners()
                        .forEach((name, listener) -> block(ConfigUtil.joinPath(name), () -> listen(listener))));
        block("admin", () -> admin(config.admin()));
        block("runtime", () -> {
            value("transport", config.runtime().transport());
            value("event-loops", config.runtime().eventLoops());
        });
        block("access-log", () -> {
            value("format", config.accessLog().format());
            quoted("file", config.accessLog().file());
            list("mask-query", config.accessLog().maskQuery());
        });
        block("metrics", () -> value("enabled", config.metrics().enabled()));
        block("shutdown", () -> {
            value("delay", config.shutdown().delay());
            value("drain", config.shutdown().drain());
        });
        block("state", () -> quoted("file", config.state().file()));
        items("routes", config.routes(), this::route);
        block(
                "pools",
                () -> config.pools()
                        .values()
                        .forEach(pool -> block(ConfigUtil.joinPath(pool.name()), () -> pool(pool))));
    }

    private void listen(ListenerConfig listen) {
        quoted("host", listen.host());
        value("port", listen.port());
        block("tls", () -> {
            items("certificates", listen.tls().certificates(), each -> {
                quoted("certificate", each.certificate());
                quoted("private-key", each.privateKey());
            });
            quoted("client-ca", listen.tls().clientCa());
        });
        value("max-connections", listen.maxConnections());
        list("trusted-proxies", listen.trustedProxies());
        quoted("health-path", listen.healthPath());
        quoted("circuit-state-header", listen.circuitStateHeader());
        if (listen.reasonHeader() == null) {
            value("reason-header", false);
        } else {
            quoted("reason-header", listen.reasonHeader());
        }
        quoted("request-id-header", listen.requestIdHeader() == null ? "" : listen.requestIdHeader());
        value("trace-context", listen.traceContext());
        block("limits", () -> {
            size("request-line", listen.limits().requestLineBytes());
            size("headers", listen.limits().headersBytes());
            value("header-count", listen.limits().headerCount());
            size("body", listen.limits().bodyBytes());
            size("min-body-rate", listen.limits().minBodyRate());
        });
        block("timeouts", () -> {
            value("request-head", listen.timeouts().requestHead());
            value("request-body-idle", listen.timeouts().requestBodyIdle());
            value("keep-alive-idle", listen.timeouts().keepAliveIdle());
            value("write-idle", listen.timeouts().writeIdle());
        });
    }

    private void admin(AdminConfig admin) {
        quoted("host", admin.host());
        adminPort(admin);
        secret("token", admin.token());
    }

    final void route(RouteConfig route) {
        quoted("name", route.name());
        optional("host", route.host());
        optional("path", route.path());
        optional("prefix", route.prefix());
        list("methods", route.methods());
        quoted("pool", route.pool());
        optional("rewrite", route.rewrite());
        value("strip-prefix", route.stripPrefix());
        block("timeouts", () -> {
            optional("connect", route.timeouts().connect());
            optional("response-head", route.timeouts().responseHead());
            optional("response-idle", route.timeouts().responseIdle());
            optional("request", route.timeouts().request());
        });
        list(
                "fallback-on",
                route.fallbackOn().stream().sorted().map(Choice::text).toList());
        items("fallback", route.fallback(), this::fallback);
    }

    private void fallback(FallbackConfig fallback) {
        value("type", fallback.type());
        if (fallback instanceof FallbackConfig.Static response) {
            value("status", response.status());
            block(
                    "headers",
                    () -> response.headers().forEach((name, value) -> quoted(ConfigUtil.quoteString(name), value)));
            optional("body", response.body());
            optional("file", response.file());
            quoted("content-type", response.contentType());
        } else if (fallback instanceof FallbackConfig.Stale stale) {
            value("max-age", stale.maxAge());
            size("max-entry", stale.maxEntryBytes());
            size("max-total", stale.maxTotalBytes());
        } else if (fallback instanceof FallbackConfig.Pool other) {
            quoted("pool", other.pool());
        } else if (fallback instanceof FallbackConfig.Queue queue) {
            quoted("dir", queue.dir());
            value("max-count", queue.maxCount());
            size("max-bytes", queue.maxBytes());
            size("max-entry", queue.maxEntryBytes());
            value("max-age", queue.maxAge());
            quoted("status-path", queue.statusPath());
        }
    }

    final void backend(BackendConfig backend) {
        quoted("url", backend.url());
        quoted("id", backend.id());
        value("weight", backend.weight());
        value("priority", backend.priority());
    }

    final void pool(PoolConfig pool) {
        items("backends", pool.backends(), this::backend);
        HashKey hashed = pool.balance().hashKey();
        value(
                "balance",
                hashed == null
                        ? pool.balance().policy().text()
                        : "{ hash = " + ConfigUtil.quoteString(hashed.text()) + " }");
        value("backend-errors", pool.backendErrors());
        value("host-header", pool.hostHeader());
        block("breaker", () -> {
            value("enabled", pool.breaker().enabled());
            value("mode", pool.breaker().mode().name().toLowerCase(Locale.ROOT));
            value("scope", pool.breakerScope());
            value("consecutive-failures", pool.breaker().consecutiveFailures());
            block("window", () -> {
                WindowConfig window = pool.breaker().window();
                value("type", window.type().name().toLowerCase(Locale.ROOT));
                value("calls", window.calls());
                value("duration", window.duration());
                value("minimum-calls", window.minimumCalls());
                ratio("failure-rate", window.failureRate());
                ratio("slow-call-rate", window.slowCallRate());
                value("slow-call-duration", window.slowCallDuration());
            });
            list("failure-statuses", pool.failureStatuses().ranges());
            value("cooldown", pool.breaker().cooldown());
            value("cooldown-multiplier", Units.number(pool.breaker().cooldownMultiplier()));
            value("cooldown-max", pool.breaker().cooldownMax());
            ratio("cooldown-jitter", pool.breaker().cooldownJitter());
            block("half-open", () -> {
                value("concurrent-probes", pool.breaker().concurrentProbes());
                value("successes-to-close", pool.breaker().successesToClose());
                value("probe-timeout", pool.breaker().probeTimeout());
            });
            value("abandoned-after", pool.abandonedAfter());
            value("min-available", pool.minAvailable());
        });
        block("health-check", () -> {
            value("enabled", pool.healthCheck().enabled());
            value("initial", pool.healthCheck().initial().label());
            value("type", pool.probe().type());
            quoted("path", pool.probe().path());
            list("expect-status", pool.probe().expectStatuses().ranges());
            value("interval", pool.healthCheck().interval());
            value("timeout", pool.healthCheck().timeout());
            value("rise", pool.healthCheck().rise());
            value("fall", pool.healthCheck().fall());
            ratio("jitter", pool.healthCheck().jitter());
            value("unhealthy-interval", pool.healthCheck().unhealthyInterval());
        });
        block("concurrency", () -> {
            value("max-per-backend", pool.concurrency().maxPerBackend());
            value("adaptive", pool.concurrency().adaptive());
            value("queue", pool.concurrency().queue());
            value("queue-timeout", pool.concurrency().queueTimeout());
        });
        block("connections", () -> {
            value("max-idle-per-backend", pool.connections().maxIdlePerBackend());
            value("idle-timeout", pool.connections().idleTimeout());
        });
        block("timeouts", () -> {
            value("connect", pool.timeouts().connect());
            value("response-head", pool.timeouts().responseHead());
            value("response-idle", pool.timeouts().responseIdle());
            value("request", pool.timeouts().request());
        });
        block("retries", () -> retries(pool.retries()));
        block("slow-start", () -> {
            value("enabled", pool.slowStart().enabled());
            value("duration", pool.slowStart().duration());
            ratio("min-weight", pool.slowStart().minWeight());
            value("min-successes", pool.slowStart().minSuccesses());
        });
        block("tls", () -> {
            quoted("ca", pool.tls().ca());
            quoted("server-name", pool.tls().serverName());
            value("verify", pool.tls().verify());
            quoted("certificate", pool.tls().certificate());
            quoted("private-key", pool.tls().privateKey());
        });
    }

    private void retries(RetriesConfig retries) {
        value("max", retries.max());
        List<String> on = new ArrayList<>();
        retries.on().stream().sorted().forEach(each -> on.add(each.text()));
        on.addAll(retries.statuses().ranges());
        list("on", on);
        block("budget", () -> {
            ratio("ratio", retries.budget().ratio());
            value("min-per-second", retries.budget().minPerSecond());
            value("window", retries.budget().window());
        });
        size("body-buffer", retries.bodyBufferBytes());
        value("per-try-timeout", retries.perTryTimeout());
    }

    private void value(String key, int number) {
        value(key, String.valueOf(number));
    }

    private void value(String key, boolean flag) {
        value(key, String.valueOf(flag));
    }

    private void value(String key, Choice choice) {
        value(key, choice.text());
    }

    private void value(String key, Duration duration) {
        value(key, Units.duration(duration));
    }

    private void size(String key, long bytes) {
        value(key, Units.size(bytes));
    }

    private void ratio(String key, double ratio) {
        value(key, Units.ratio(ratio));
    }

    private void quoted(String key, String text) {
        value(key, ConfigUtil.quoteString(text));
    }

    private void optional(String key, @Nullable String text) {
        if (text != null) {
            quoted(key, text);
        }
    }

    private void optional(String key, @Nullable Duration duration) {
        if (duration != null) {
            value(key, duration);
        }
    }

    private void list(String key, Collection<?> items) {
        value(
                key,
                items.stream()
                        .map(item -> ConfigUtil.quoteString(item.toString()))
                        .collect(Collectors.joining(", ", "[", "]")));
    }
}
