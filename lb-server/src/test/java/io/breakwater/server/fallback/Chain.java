package io.breakwater.server.fallback;

import io.breakwater.server.fixtures.Answers;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.time.ManualTicker;
import java.io.IOException;
import java.time.Duration;

/** A balancer whose only route has fallbacks, before one backend of its own and one of the pool {@code spare}. */
final class Chain implements AutoCloseable {
    final ManualTicker ticker =
            new ManualTicker(Long.MAX_VALUE - Duration.ofSeconds(1).toNanos());
    final ScriptedBackend own = ScriptedBackend.start().answer(Answers.ok("own"));
    final ScriptedBackend spare = ScriptedBackend.start().answer(Answers.ok("spare"));
    final Proxy proxy;

    /**
     * @param fallbacks as HOCON, in order
     * @param settings further ones
     */
    Chain(String fallbacks, String... settings) {
        proxy = Proxy.start(conf(fallbacks, settings), ticker);
    }

    String conf(String fallbacks, String... settings) {
        return Conf.everything(
                own.url(),
                Conf.PATIENT,
                "lb.pools.default.breaker.consecutive-failures = 1000",
                "lb.routes = [ { prefix = \"/\", pool = default, fallback = [" + fallbacks + "] } ]",
                "lb.pools.spare { backends = [\"" + spare.url()
                        + "\"], breaker.consecutive-failures = 1000, timeouts = ${lb.pools.default.timeouts} }",
                String.join("\n", settings));
    }

    /** The route's own pool answers nothing from now on. */
    Chain failing() {
        own.answer(Answers.status(500));
        return this;
    }

    double fellBack(String type) {
        return proxy.metric("lb_fallbacks_total", "type", type);
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        own.close();
        spare.close();
    }
}
