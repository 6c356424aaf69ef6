package io.breakwater.containers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.testcontainers.containers.GenericContainer;

/** Single questions to containers. None waits longer than 30 s. */
final class Http {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Http() {}

    /** Where the test reaches this port of a container. */
    static URI url(GenericContainer<?> container, int port, String path) {
        return URI.create("http://" + container.getHost() + ":" + container.getMappedPort(port) + path);
    }

    static HttpResponse<String> get(URI target, String... headers) {
        return send(request(target, headers).build());
    }

    static CompletableFuture<HttpResponse<String>> getAsync(URI target) {
        return CLIENT.sendAsync(request(target).build(), BodyHandlers.ofString());
    }

    static HttpResponse<String> post(URI target, String... headers) {
        return send(request(target, headers).POST(BodyPublishers.noBody()).build());
    }

    static HttpResponse<String> put(URI target, String body) {
        return send(request(target).PUT(BodyPublishers.ofString(body)).build());
    }

    private static HttpRequest.Builder request(URI target, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(target).timeout(Duration.ofSeconds(30));
        return headers.length == 0 ? request : request.headers(headers);
    }

    private static HttpResponse<String> send(HttpRequest request) {
        try {
            return CLIENT.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(request + " failed", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
