package io.breakwater.server.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

class LocalErrorsTest {

    @Test
    void whatThisMachineHasRunOutOfIsNotTheBackendsFault() {
        assertThat(LocalErrors.isLocal(new SocketException("Too many open files")))
                .isTrue();
        assertThat(LocalErrors.isLocal(new IOException("wrapped", new SocketException("Too many open files"))))
                .isTrue();
        assertThat(LocalErrors.isLocal(new SocketException("No buffer space available")))
                .isTrue();
        assertThat(LocalErrors.isLocal(new BindException("Cannot assign requested address")))
                .isTrue();
        assertThat(LocalErrors.isLocal(new IOException("Cannot allocate memory")))
                .isTrue();
        assertThat(LocalErrors.isLocal(new OutOfMemoryError("direct buffers"))).isTrue();
    }

    @Test
    void whatTheBackendOrTheWayToItDidIs() {
        assertThat(LocalErrors.isLocal(new ConnectException("Connection refused")))
                .isFalse();
        assertThat(LocalErrors.isLocal(new NoRouteToHostException("No route to host")))
                .isFalse();
        assertThat(LocalErrors.isLocal(new IOException())).isFalse();
        assertThat(LocalErrors.isLocal(null)).isFalse();
    }
}
