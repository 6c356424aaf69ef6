package io.breakwater.server.cli;

import io.breakwater.server.cli.Serving.Addresses;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.demo.DemoReplica;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lb demo}: replicas and a balancer in front of them in one process, and what to try with them. */
@Command(name = "demo", description = "Run some replicas and a balancer in front of them; needs nothing else.")
final class DemoCommand implements Callable<Integer> {

    private static final int MOST_REPLICAS = 100;
    private static final int FIRST_PORT = 3001;

    private final Host host;
    private final BalancerFactory balancers;

    @Option(
            names = "--replicas",
            paramLabel = "N",
            defaultValue = "3",
            description = "How many replicas (default: ${DEFAULT-VALUE}).")
    private int count;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    DemoCommand(Host host, BalancerFactory balancers) {
        this.host = host;
        this.balancers = balancers;
    }

    @Override
    public Integer call() throws ConfigProblems {
        if (count < 1 || count > MOST_REPLICAS) {
            throw new ParameterException(
                    spec.commandLine(), "--replicas: " + count + " (expected: 1.." + MOST_REPLICAS + ")");
        }
        List<DemoReplica> replicas = new ArrayList<>();
        try {
            for (int i = 1; i <= count; i++) {
                replicas.add(started("replica-" + i, FIRST_PORT + i - 1));
            }
            List<String> urls = replicas.stream()
                    .map(replica -> "http://localhost:" + replica.port())
                    .toList();
            LoadedConfig loaded = ConfigOptions.warned(host.loader().parse(configOf(urls), "demo", List.of()), host);
            return new Serving(host, balancers).run(loaded.config(), addresses -> explain(host.out(), addresses, urls));
        } catch (IOException e) {
            host.err().println("lb: " + e.getMessage());
            return ExitCode.FAILED;
        } finally {
            replicas.forEach(DemoReplica::close);
        }
    }

    /** On the port wanted, or on one that the system chooses where that is taken. */
    private DemoReplica started(String name, int port) throws IOException {
        DemoReplica replica = new DemoReplica(name, port, host.clock());
        try {
            replica.start();
            return replica;
        } catch (BindException taken) {
            DemoReplica elsewhere = new DemoReplica(name, 0, host.clock());
            elsewhere.start();
            return elsewhere;
        }
    }

    private static String configOf(List<String> urls) {
        String backends = IntStream.range(0, urls.size())
                .mapToObj(i -> "{ url = \"%s\", id = replica-%d }".formatted(urls.get(i), i + 1))
                .collect(Collectors.joining(", "));
        return """
                lb {
                  listen.port = ${?PORT}
                  admin { host = ${?ADMIN_HOST}, port = ${?ADMIN_PORT}, token = ${?ADMIN_TOKEN} }
                  routes = [{ path = "/api/resource", pool = demo, rewrite = "/backend/resource" }]
                  pools.demo.backends = [%s]
                }
                """.formatted(backends);
    }

    private static void explain(PrintStream out, Addresses addresses, List<String> urls) {
        out.println();
        if (addresses.admin() != null) {
            out.println("  circuits   " + addresses.admin() + "/");
            out.println("  metrics    " + addresses.admin() + "/metrics");
            out.println("  pools      " + addresses.admin() + "/api/v1/pools");
        }
        for (int i = 0; i < urls.size(); i++) {
            out.println("  replica " + (i + 1) + "  " + urls.get(i) + "/backend/resource");
        }
        out.println();
        out.println("Send requests; X-Replica says who answered, X-Circuit-State in which state of its circuit:");
        out.println("  while sleep 0.2; do curl -si " + addresses.listen()
                + "/api/resource | grep -E '^(HTTP|X-)'; echo; done");
        out.println("Break replica 1:");
        out.println("  " + Curl.breakReplica(urls.get(0)));
        out.println(
                urls.size() == 1
                        ? "Watch: three requests get 502, then all get 503 at once, but for one every 5 s that tries it."
                        : "Watch: three requests get 502, then its circuit is open and the others answer everything;"
                                + " every 5 s one request tries it.");
        out.println("Mend it, and the next such try closes the circuit:");
        out.println("  " + Curl.mendReplica(urls.get(0)));
        out.println("Ctrl-C stops everything.");
    }
}
