package io.breakwater.server.forwarding;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.Conf;
import io.breakwater.server.fixtures.Loopback;
import io.breakwater.server.fixtures.Proxy;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsServer;
import java.util.Arrays;
import java.util.stream.Stream;

/** The same to a backend that is spoken to over TLS. */
class BackpressureOverTlsTest extends BackpressureTest {

    @Override
    ScriptedBackend backend(int receiveBufferBytes) {
        return ScriptedBackend.start(
                Loopback.IPV4, 0, receiveBufferBytes, TlsServer.of(Certified.authority("backend")));
    }

    @Override
    Proxy proxy(ScriptedBackend backend, String... settings) {
        return Proxy.start(Conf.everything(
                backend.url(),
                Stream.concat(Stream.of("lb.pools.default.tls.verify = false"), Arrays.stream(settings))
                        .toArray(String[]::new)));
    }
}
