package io.breakwater.server.forwarding;

import io.breakwater.server.fixtures.Certified;
import io.breakwater.server.fixtures.ScriptedBackend;
import io.breakwater.server.fixtures.TlsServer;

/** The same over TLS, where a connection ends with a word (close_notify) and a tunnel below it. */
class ConnectionReuseOverTlsTest extends ConnectionReuseTest {

    @Override
    ScriptedBackend backend() {
        return ScriptedBackend.start(TlsServer.of(Certified.authority("backend")));
    }
}
