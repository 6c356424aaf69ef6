package io.breakwater.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A load generator whose rate does not depend on the answers. It prints one line of JSON on stdout:
 *
 * <table>
 * <caption>Keys; requests of the warm-up are in none of them</caption>
 * <tr><td>{@code planned}</td><td>requests whose moment came within {@code --seconds}; all of them were sent, or waited until
 *     2 s after the end</td></tr>
 * <tr><td>{@code completed}</td><td>whole answers, of any status; {@code statuses} has how many of each</td></tr>
 * <tr><td>{@code errors}</td><td>the rest: not connected, closed before the end of the answer, no HTTP/1.1, or unanswered 2 s
 *     after the end; stderr says which</td></tr>
 * <tr><td>{@code rate}</td><td>answers per second, up to the end of the plan or to the last answer if that was later</td></tr>
 * <tr><td>{@code latency}</td><td>microseconds from the planned moment to the end of the answer: {@code p50}, {@code p90},
 *     {@code p99}, {@code p99.9}, {@code max}; {@code null} where there was no answer</td></tr>
 * <tr><td>{@code late}</td><td>the generator's own part of that: microseconds from the planned moment to the sending, of those
 *     requests for which a connection was free at that moment</td></tr>
 * </table>
 *
 * Exit codes: 0 when the plan was gone through, whatever the answers; 1 when a connection could not be opened beforehand; 2
 * when an option is wrong.
 */
@Command(
        name = "openloop",
        description = "Sends requests at moments fixed in advance; prints how they went as one line of JSON.")
public final class OpenLoop implements Callable<Integer> {

    private static final int MOST_SECONDS = 3_600;
    private static final int MOST_BODY_BYTES = 64 * 1024 * 1024;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--url", required = true, paramLabel = "URL", description = "http://HOST[:PORT][/PATH]")
    private String url = "";

    @Option(
            names = "--rate",
            required = true,
            paramLabel = "N",
            description = "Requests per second over all connections.")
    private int rate;

    @Option(names = "--connections", required = true, paramLabel = "C", description = "Connections, all kept open.")
    private int connections;

    @Option(names = "--warm-up", required = true, paramLabel = "S", description = "Seconds of load that do not count.")
    private int warmUp;

    @Option(names = "--seconds", required = true, paramLabel = "S", description = "Seconds of load that count.")
    private int seconds;

    @Option(names = "--header", paramLabel = "'K: V'", description = "A field of every request; may be repeated.")
    private List<String> headers = new ArrayList<>();

    @Option(names = "--method", paramLabel = "METHOD", defaultValue = "GET", description = "GET if not given.")
    private String method = "";

    @Option(names = "--body-bytes", paramLabel = "N", description = "Size of each request's body; none if not given.")
    private @Nullable Integer bodyBytes;

    @Option(
            names = "--poisson",
            paramLabel = "SEED",
            description = "Random moments, a Poisson process of that rate; equally far apart if not given.")
    private @Nullable Long seed;

    // picocli needs no more than its annotation.
    @SuppressWarnings("unused")
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this.")
    private boolean help;

    private OpenLoop() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new OpenLoop()).execute(arguments));
    }

    @Override
    public Integer call() {
        URI target = target();
        check(rate >= 1 && rate <= 1_000_000, "--rate", rate, "1..1000000 requests per second");
        check(connections >= 1 && connections <= 60_000, "--connections", connections, "1..60000");
        check(warmUp >= 0 && warmUp <= MOST_SECONDS, "--warm-up", warmUp, "0..3600 seconds");
        check(seconds >= 1 && seconds <= MOST_SECONDS, "--seconds", seconds, "1..3600 seconds");
        check(
                method.matches("[A-Z]+") && !method.equals("CONNECT"),
                "--method",
                method,
                "GET, POST, PUT, …; not CONNECT");
        check(
                bodyBytes == null || (bodyBytes >= 0 && bodyBytes <= MOST_BODY_BYTES),
                "--body-bytes",
                String.valueOf(bodyBytes),
                "0..67108864");
        for (String header : headers) {
            check(
                    header.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e]*"),
                    "--header",
                    header,
                    "'NAME: VALUE' in printable ASCII");
            check(
                    !header.matches("(?i)(content-length|transfer-encoding|connection):.*"),
                    "--header",
                    header,
                    "not how requests are delimited; --body-bytes says that");
        }
        InetSocketAddress address = new InetSocketAddress(host(target), target.getPort() < 0 ? 80 : target.getPort());
        check(!address.isUnresolved(), "--url", url, "a host that can be resolved");

        long warmUpNanos = TimeUnit.SECONDS.toNanos(warmUp);
        long endNanos = warmUpNanos + TimeUnit.SECONDS.toNanos(seconds);
        try {
            Load.Result result = new Load(
                            address,
                            request(target),
                            method.equals("HEAD"),
                            connections,
                            new Plan(rate, endNanos, seed == null ? null : new SplittableRandom(seed)),
                            warmUpNanos,
                            endNanos)
                    .run();
            result.failures().forEach((what, many) -> System.err.println("openloop: " + many + " errors: " + what));
            System.out.println(json(result));
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            System.err.println("openloop: " + url + ": " + e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    private void check(boolean valid, String option, Object value, String expected) {
        if (!valid) {
            throw new ParameterException(spec.commandLine(), option + ": " + value + " (expected: " + expected + ")");
        }
    }

    private URI target() {
        try {
            URI uri = new URI(url);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() <= 65_535) {
                return uri;
            }
        } catch (URISyntaxException notAUrl) {
            // Refused below, as a URL of another kind is.
        }
        throw new ParameterException(spec.commandLine(), "--url: " + url + " (expected: http://HOST[:PORT][/PATH])");
    }

    private static String host(URI target) {
        return target.getHost().replaceAll("[\\[\\]]", "");
    }

    private byte[] request(URI target) {
        String path = target.getRawPath().isEmpty() ? "/" : target.getRawPath();
        StringBuilder head = new StringBuilder()
                .append(method)
                .append(' ')
                .append(path)
                .append(target.getRawQuery() == null ? "" : "?" + target.getRawQuery())
                .append(" HTTP/1.1\r\n");
        if (headers.stream().noneMatch(header -> header.toLowerCase(Locale.ROOT).startsWith("host:"))) {
            head.append("Host: ").append(target.getRawAuthority()).append("\r\n");
        }
        headers.forEach(header -> head.append(header).append("\r\n"));
        if (bodyBytes != null) {
            head.append("Content-Length: ").append(bodyBytes).append("\r\n");
        }
        head.append("\r\n").append("x".repeat(bodyBytes == null ? 0 : bodyBytes));
        return head.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String json(Load.Result result) {
        return String.format(
                Locale.ROOT,
                "{\"planned\":%d,\"completed\":%d,\"errors\":%d,\"statuses\":{%s},\"rate\":%.1f,\"latency\":%s,\"late\":%s}",
                result.planned(),
                result.completed(),
                result.planned() - result.completed(),
                result.statuses().entrySet().stream().map(OpenLoop::status).collect(Collectors.joining(",")),
                result.perSecond(),
                micros(result.latency()),
                micros(result.late()));
    }

    private static String status(Map.Entry<Integer, Long> status) {
        return "\"" + status.getKey() + "\":" + status.getValue();
    }

    private static String micros(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return "{\"p50\":null,\"p90\":null,\"p99\":null,\"p99.9\":null,\"max\":null}";
        }
        return String.format(
                Locale.ROOT,
                "{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"max\":%.1f}",
                nanos.getValueAtPercentile(50) / 1e3,
                nanos.getValueAtPercentile(90) / 1e3,
                nanos.getValueAtPercentile(99) / 1e3,
                nanos.getValueAtPercentile(99.9) / 1e3,
                nanos.getMaxValue() / 1e3);
    }
}
