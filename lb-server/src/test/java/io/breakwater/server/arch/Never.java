package io.breakwater.server.arch;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/**
 * One row of the tables of packages: what a package must not know.
 *
 * @param subject the package, and with {@code ..} behind it those below it too
 * @param imports packages that it never imports, written alike
 * @param except packages that it may import all the same: itself
 */
record Never(String subject, List<String> imports, List<String> except) {

    private static final String NETTY = "io.netty..";
    private static final String MICROMETER = "io.micrometer..";
    private static final String PROMETHEUS = "io.prometheus..";
    private static final String SERVER = "io.breakwater.server..";

    /** Every package that is part of the product, or that may become so, in the order in which a request meets them. */
    static final List<String> PACKAGES = List.of(
            "io.breakwater.time",
            "io.breakwater.health",
            "io.breakwater.health.breaker",
            "io.breakwater.health.check",
            "io.breakwater.metrics",
            "io.breakwater.metrics.prometheus",
            "io.breakwater.server",
            "io.breakwater.server.cli",
            "io.breakwater.server.demo",
            "io.breakwater.server.config",
            "io.breakwater.server.runtime",
            "io.breakwater.server.tls",
            "io.breakwater.server.listener",
            "io.breakwater.server.http",
            "io.breakwater.server.route",
            "io.breakwater.server.pool",
            "io.breakwater.server.balance",
            "io.breakwater.server.connection",
            "io.breakwater.server.exchange",
            "io.breakwater.server.fallback",
            "io.breakwater.server.fallback.queue",
            "io.breakwater.server.probe",
            "io.breakwater.server.events",
            "io.breakwater.server.traffic",
            "io.breakwater.server.accesslog",
            "io.breakwater.server.trace",
            "io.breakwater.server.state",
            "io.breakwater.server.admin",
            "io.breakwater.server.node",
            "io.breakwater.server.replay");

    static final List<Never> TABLE = List.of(
            never("io.breakwater.time").imports("io.breakwater.."),
            never("io.breakwater.health").imports("io.breakwater.health.breaker..", "io.breakwater.health.check.."),
            never("io.breakwater.health.breaker").imports("io.breakwater.health.check.."),
            never("io.breakwater.health.check").imports("io.breakwater.health.breaker.."),
            never("io.breakwater.health..").imports("io.breakwater.metrics..", SERVER),
            never("io.breakwater.metrics..").imports(SERVER, NETTY),
            never("io.breakwater.metrics").imports(PROMETHEUS, MICROMETER),
            never("io.breakwater.server.*..").imports("io.breakwater.server"),
            never("io.breakwater.server.config").imports(NETTY, MICROMETER, PROMETHEUS, SERVER),
            never("io.breakwater.server.runtime").imports(SERVER),
            never("io.breakwater.server.tls")
                    .imports(
                            "io.breakwater.server.cli..",
                            "io.breakwater.server.listener..",
                            "io.breakwater.server.http..",
                            "io.breakwater.server.route..",
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.balance..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.fallback..",
                            "io.breakwater.server.probe..",
                            "io.breakwater.server.events..",
                            "io.breakwater.server.admin.."),
            never("io.breakwater.server.listener")
                    .imports(
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange.."),
            never("io.breakwater.server.http").imports(SERVER),
            never("io.breakwater.server.route").imports(NETTY, MICROMETER, PROMETHEUS),
            never("io.breakwater.server.pool").imports(NETTY, MICROMETER, PROMETHEUS),
            never("io.breakwater.server.balance").imports("io.breakwater..", NETTY, MICROMETER, PROMETHEUS),
            never("io.breakwater.server.connection")
                    .imports(
                            "io.breakwater.server.route..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.listener.."),
            never("io.breakwater.server.exchange")
                    .imports("io.breakwater.metrics.prometheus..", "io.breakwater.server.admin.."),
            never("io.breakwater.server.fallback")
                    .imports(
                            "io.breakwater.server.listener..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.admin.."),
            never("io.breakwater.server.fallback.queue").imports(SERVER, NETTY, MICROMETER, PROMETHEUS),
            never("io.breakwater.server.probe")
                    .imports("io.breakwater.server.exchange..", "io.breakwater.server.pool.."),
            never("io.breakwater.server.traffic").imports(SERVER, NETTY, MICROMETER, PROMETHEUS),
            never("io.breakwater.server.events")
                    .imports(
                            NETTY,
                            MICROMETER,
                            PROMETHEUS,
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.listener..",
                            "io.breakwater.server.admin.."),
            never("io.breakwater.server.accesslog")
                    .imports(
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.listener..",
                            "io.breakwater.server.admin.."),
            never("io.breakwater.server.trace")
                    .imports(
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.listener..",
                            "io.breakwater.server.accesslog..",
                            "io.breakwater.server.admin.."),
            never("io.breakwater.server.admin")
                    .imports(
                            "io.breakwater.server.pool..",
                            "io.breakwater.server.connection..",
                            "io.breakwater.server.exchange..",
                            "io.breakwater.server.listener.."),
            never("io.breakwater.server.node").imports(NETTY),
            never("io.breakwater.server.replay").imports(NETTY, MICROMETER, PROMETHEUS));

    /** A row in the making. */
    record Subject(String name) {
        Never imports(String... packages) {
            return new Never(name, List.of(packages), List.of(name));
        }
    }

    private static Subject never(String subject) {
        return new Subject(subject);
    }

    ArchRule rule() {
        return noClasses()
                .that()
                .resideInAPackage(subject)
                .should()
                .dependOnClassesThat(resideInAnyPackage(imports.toArray(String[]::new))
                        .and(not(resideInAnyPackage(except.toArray(String[]::new)))))
                .as(toString())
                .allowEmptyShould(true);
    }

    @Override
    public String toString() {
        return subject + " never imports " + String.join(", ", imports);
    }
}
