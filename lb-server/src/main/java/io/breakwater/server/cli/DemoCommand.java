package io.breakwater.server.cli;

import static java.util.Objects.requireNonNull;

import io.breakwater.server.cli.Serving.Addresses;
import io.breakwater.server.config.ConfigProblems;
import io.breakwater.server.config.LbConfig;
import io.breakwater.server.config.LoadedConfig;
import io.breakwater.server.demo.DemoReplica;
import io.breakwater.server.demo.DemoReplica.Reach;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
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

/**
 * {@code lb demo}: replicas and a balancer in front of them in one process, and what to try with them. The configuration
 * is {@code conf/replicas.conf}, as it was packaged, with these replicas in place of those that it names. The replicas
 * are reached from this machine only, so that nobody else can break them.
 */
@Command(name = "demo", description = "Run some replicas and a balancer in front of them; needs nothing else.")
final class DemoCommand implements Callable<Integer> {

    private static final int MOST_REPLICAS = 100;
    private static final int FIRST_PORT = 3001;
    private static final String CONFIG = "replicas.conf";
    private static final int RETRIES = 2;

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
            for (int port : ports()) {
                replicas.add(started("replica-" + (replicas.size() + 1), port));
            }
            List<String> urls = replicas.stream()
                    .map(replica -> "http://localhost:" + replica.port())
                    .toList();
            LoadedConfig loaded = ConfigOptions.warned(host.loader().parse(config(), CONFIG, settings(urls)), host);
            return new Serving(host, balancers).run(loaded.config(), addresses -> explain(host.out(), addresses, urls));
        } catch (IOException e) {
            host.err().println("lb: " + e.getMessage());
            return ExitCode.FAILED;
        } finally {
            replicas.forEach(DemoReplica::close);
        }
    }

    /** Those that the replicas want, without the ones that the balancer is asked to have, for it binds after them. */
    private int[] ports() throws IOException, ConfigProblems {
        LbConfig asked = host.loader().parse(config(), CONFIG, List.of()).config();
        return IntStream.iterate(FIRST_PORT, port -> port + 1)
                .filter(port ->
                        port != asked.listen().port() && port != asked.admin().port())
                .limit(count)
                .toArray();
    }

    /** On the port wanted, or on one that the system chooses where that is taken. */
    private DemoReplica started(String name, int port) throws IOException {
        DemoReplica replica = new DemoReplica(name, port, Reach.LOOPBACK, host.clock());
        try {
            replica.start();
            return replica;
        } catch (BindException taken) {
            DemoReplica elsewhere = new DemoReplica(name, 0, Reach.LOOPBACK, host.clock());
            elsewhere.start();
            return elsewhere;
        }
    }

    private static String config() throws IOException {
        try (InputStream file = DemoCommand.class.getClassLoader().getResourceAsStream(CONFIG)) {
            return new String(requireNonNull(file, CONFIG).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What the file cannot know: where the replicas are, and that there may be fewer than three. */
    private static List<String> settings(List<String> urls) {
        String backends = IntStream.range(0, urls.size())
                .mapToObj(i -> "{ url = \"%s\", id = replica-%d }".formatted(urls.get(i), i + 1))
                .collect(Collectors.joining(", "));
        List<String> settings = new ArrayList<>();
        settings.add("lb.pools.replicas.backends=[" + backends + "]");
        if (urls.size() <= RETRIES) {
            settings.add("lb.pools.replicas.retries.max=" + (urls.size() - 1));
        }
        return settings;
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
        if (urls.size() == 1) {
            out.println(
                    "Watch: three requests get 502, then all get 503 at once, but for one every 5 s that tries it.");
        } else {
            out.println(
                    "Watch: no request fails, because another replica answers what this one fails. After its third");
            out.println(
                    "failure its circuit opens and it gets nothing more, but for one request every 5 s that tries it.");
        }
        out.println(
                "Mend it: the next such try closes the circuit, and its share of the requests grows back within 20 s:");
        out.println("  " + Curl.mendReplica(urls.get(0)));
        out.println(
                "Other ways to break it: \"hang\", \"reset\", {\"mode\":\"slow\",\"latencyMillis\":1500}, and with any of them"
                        + " \"rate\":0.2 for a fifth of its requests.");
        out.println("Ctrl-C stops everything.");
    }
}
