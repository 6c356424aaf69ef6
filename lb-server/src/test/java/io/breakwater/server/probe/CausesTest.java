package io.breakwater.server.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class CausesTest {
    @Test
    void aCauseIsAFewWords() {
        assertThat(Causes.text(new UnknownHostException("Failed to resolve 'x' after 2 queries")))
                .isEqualTo("unknown host");
        assertThat(Causes.text(new NoRouteToHostException("No route to host: /10.0.0.1:80")))
                .isEqualTo("no route to host");
        assertThat(Causes.text(new ConnectException("connect(..) failed: Connection refused: /127.0.0.1:1")))
                .isEqualTo("connection refused");
        assertThat(Causes.text(new IOException("Connection reset by peer"))).isEqualTo("connection reset");
        assertThat(Causes.text(new IOException("far: /1.2.3.4:5", new IOException("Network is unreachable"))))
                .isEqualTo("Network is unreachable");
        assertThat(Causes.text(new IOException())).isEqualTo("IOException");
        assertThat(Causes.text(new IOException("one\ntwo"))).isEqualTo("one");
        assertThat(Causes.text(new IOException("x".repeat(500)))).hasSize(101);
    }
}
