package io.breakwater.server.probe;

import static io.breakwater.server.fixtures.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.breakwater.health.BackendId;
import io.breakwater.health.check.CheckResult;
import io.breakwater.health.check.HealthChange;
import io.breakwater.health.check.HealthChecker;
import io.breakwater.health.check.HealthListener;
import io.breakwater.health.check.HealthStatus;
import io.breakwater.server.config.PoolConfig;
import io.breakwater.server.connection.AddressBook;
import io.breakwater.server.connection.Dialer;
import io.breakwater.server.runtime.EventLoops.Transport;
import io.breakwater.server.runtime.Housekeeping;
import io.breakwater.time.ManualTicker;
import io.netty.channel.ChannelException;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HealthChecksTest {
    /** What a machine without descriptors makes of every socket. */
    public static final class NoSocket extends NioSocketChannel {
        public NoSocket() {
            throw new ChannelException("no socket", new SocketException("Too many open files"));
        }
    }

    private static final class Lines extends AppenderBase<ILoggingEvent> {
        final List<String> texts = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            texts.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    }

    private final Lines lines = new Lines();
    private final Logger log = (Logger) LoggerFactory.getLogger(HealthChecks.class);

    @BeforeEach
    void listen() {
        lines.start();
        log.setAdditive(false);
        log.addAppender(lines);
    }

    @AfterEach
    void stopListening() {
        log.detachAppender(lines);
        log.setAdditive(true);
    }

    @Test
    void whatThisMachineLacksIsNobodysFaultAndLoggedNowAndThen() {
        ManualTicker ticker = new ManualTicker(-1);
        List<String> errors = new CopyOnWriteArrayList<>();
        List<CheckResult> counted = new CopyOnWriteArrayList<>();
        PoolConfig pool = Checked.pool("http://127.0.0.1:1", "health-check { interval = 1s, unhealthy-interval = 1s }");
        try (Housekeeping housekeeping = Housekeeping.start(Transport.NIO, ticker);
                AddressBook addresses =
                        AddressBook.open(housekeeping.loop().eventLoop(), NioDatagramChannel.class, ticker)) {
            Dialer dialer = new Dialer(housekeeping.loop(), NoSocket.class, addresses);
            HealthChecks checks = new HealthChecks(housekeeping, housekeeping.loop(), dialer, ticker, new Random(1));
            HealthChecker checker = checks.checkerOf(
                    new BackendId("default", "a"),
                    pool.backends().get(0),
                    pool.healthCheck(),
                    pool.probe(),
                    null,
                    new HealthListener() {
                        @Override
                        public void onChange(HealthChange change) {}

                        @Override
                        public void onLocalError(String detail) {
                            errors.add(detail);
                        }
                    },
                    new Checked.Recorder(counted));
            checker.start();

            for (int i = 1; i <= 5; i++) {
                int count = i;
                eventually(() -> assertThat(errors).hasSize(count));
                ticker.advance(Duration.ofMillis(1_100));
            }
            eventually(() -> assertThat(errors).hasSize(6));
            assertThat(lines.texts)
                    .containsExactly("WARN health default/a: a check could not be made: Too many open files");
            ticker.advance(Duration.ofSeconds(5));
            eventually(() -> assertThat(errors).hasSize(7));
            checker.stop();

            assertThat(errors).containsOnly("Too many open files");
            assertThat(lines.texts)
                    .containsExactly(
                            "WARN health default/a: a check could not be made: Too many open files",
                            "WARN health default/a: a check could not be made: Too many open files"
                                    + " (and 5 others since the last such line)");
            assertThat(counted).isEmpty();
            assertThat(checker.snapshot().status()).isEqualTo(HealthStatus.UNCHECKED);
        }
    }
}
