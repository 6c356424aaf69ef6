package io.breakwater.server.cli;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.util.concurrent.Callable;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code lb ping}: whether a balancer answers, for those who only see exit codes, such as a container's health check. Over
 * TLS to this machine any certificate will do: it is seldom one for {@code localhost}, and nobody stands between.
 */
@Command(name = "ping", description = "Ask a balancer for its health: exit code 0 if it answers with 2xx, else 1.")
final class PingCommand implements Callable<Integer> {

    private static final int TIMEOUT_MILLIS = 2_000;
    private static final String DEFAULT_PORT = "3000";

    private final Host host;

    @Parameters(
            arity = "0..1",
            paramLabel = "URL",
            description = "Without it http://localhost:PORT/health, PORT from the environment or 3000;"
                    + " without a path, or with / alone, /health.")
    @Nullable
    private String url;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    PingCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() {
        URI target = target();
        try {
            HttpURLConnection connection = (HttpURLConnection) target.toURL().openConnection();
            if (connection instanceof HttpsURLConnection tls && isThisMachine(target.getHost())) {
                trustAnybody(tls);
            }
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            connection.setInstanceFollowRedirects(false);
            int status = connection.getResponseCode();
            connection.disconnect();
            if (status >= 200 && status <= 299) {
                host.out().println(target + ": " + status);
                return ExitCode.OK;
            }
            host.err().println("lb: " + target + ": " + status + " (expected: 2xx)");
        } catch (IOException e) {
            host.err().println("lb: " + target + ": " + e.getMessage());
        }
        return ExitCode.FAILED;
    }

    private static boolean isThisMachine(String host) {
        return host.equals("localhost") || host.matches("127(\\.\\d{1,3}){3}") || host.equals("[::1]");
    }

    private static void trustAnybody(HttpsURLConnection connection) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            connection.setSSLSocketFactory(context.getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private URI target() {
        String port = host.environment().getOrDefault("PORT", "");
        String text = url != null ? url : "http://localhost:" + (port.isEmpty() ? DEFAULT_PORT : port);
        try {
            URI uri = new URI(text);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getPort() <= 65_535) {
                return isRoot(uri.getRawPath()) ? uri.resolve("/health") : uri;
            }
        } catch (java.net.URISyntaxException notAUrl) {
            // Refused below, as a URL of another kind is.
        }
        throw new ParameterException(spec.commandLine(), "URL: " + text + " (expected: http(s)://HOST[:PORT][/PATH])");
    }

    /** Many write a slash behind a host without meaning any page: whether the balancer answers is what they ask. */
    private static boolean isRoot(@Nullable String path) {
        return path == null || path.isEmpty() || path.equals("/");
    }
}
