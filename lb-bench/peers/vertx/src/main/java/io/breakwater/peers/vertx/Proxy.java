package io.breakwater.peers.vertx;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.httpproxy.HttpProxy;
import io.vertx.httpproxy.OriginRequestProvider;
import io.vertx.httpproxy.ProxyContext;
import io.vertx.httpproxy.ProxyInterceptor;
import io.vertx.httpproxy.ProxyResponse;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Vert.x HTTP Proxy before replicas that are written down beforehand: one verticle for each event loop, each with a server that
 * listens on the same port and a client of its own, so that a request stays on the thread that it came in on. Arguments: port,
 * event loops, and the replicas' URLs with commas between them.
 */
public final class Proxy extends VerticleBase {

    /** Kept connections to each replica; more than there are clients, so that no request waits for one. Vert.x has 5. */
    private static final int CONNECTIONS = 10_000;

    private final int port;
    private final SocketAddress[] backends;
    private int next;

    private Proxy(int port, SocketAddress[] backends) {
        this.port = port;
        this.backends = backends;
    }

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int workers = Integer.parseInt(arguments[1]);
        SocketAddress[] backends = Stream.of(arguments[2].split(","))
                .map(URI::create)
                .map(uri -> SocketAddress.inetSocketAddress(uri.getPort(), uri.getHost()))
                .toArray(SocketAddress[]::new);
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(workers).setPreferNativeTransport(true));
        vertx.deployVerticle(() -> new Proxy(port, backends), new DeploymentOptions().setInstances(workers))
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @Override
    public Future<?> start() {
        // The limits that HAProxy has beside it; idle connections go before a usual replica's keep-alive ends (nginx: 75 s).
        HttpClient client = vertx.createHttpClient(
                new HttpClientOptions().setConnectTimeout(1_000).setKeepAliveTimeout(60),
                new PoolOptions().setHttp1MaxSize(CONNECTIONS));
        HttpProxy proxy = HttpProxy.reverseProxy(client)
                .origin(OriginRequestProvider.selector(context -> Future.succeededFuture(pick())))
                .addInterceptor(new ForwardedFor());
        return vertx.createHttpServer().requestHandler(proxy).listen(port, "127.0.0.1");
    }

    private SocketAddress pick() {
        SocketAddress picked = backends[next];
        next = (next + 1) % backends.length;
        return picked;
    }

    /** Adds the client's address; the proxy itself has nothing for it. */
    private static final class ForwardedFor implements ProxyInterceptor {
        @Override
        public Future<ProxyResponse> handleProxyRequest(ProxyContext context) {
            var request = context.request();
            request.headers()
                    .add("X-Forwarded-For", request.proxiedRequest().remoteAddress().hostAddress());
            return context.sendRequest();
        }
    }
}
