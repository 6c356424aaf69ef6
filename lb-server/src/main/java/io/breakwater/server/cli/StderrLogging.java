package io.breakwater.server.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What {@code conf/logback.xml} says as it is shipped, for a start that need not wait for XML to be read: logs go to
 * stderr, so that stdout has nothing but what a command was asked for. Logback finds this as a service and runs it once, on
 * the thread that logs first. Any other file that {@code -Dlogback.configurationFile} names is left to Logback.
 */
public final class StderrLogging extends ContextAwareBase implements Configurator {
    private static final String FILE = "logback.configurationFile";
    static final String SHIPPED = "/logback.xml";
    private static final String PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level %logger{0}: %msg%n";

    /** Called by Logback. */
    public StderrLogging() {}

    @Override
    public ExecutionStatus configure(LoggerContext logging) {
        String file = System.getProperty(FILE);
        if (file != null && !isAsShipped(file)) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        install(logging);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Logback also takes a URL or a resource; what cannot be read here as a file is for it to judge. */
    static boolean isAsShipped(String file) {
        try (InputStream shipped = StderrLogging.class.getResourceAsStream(SHIPPED)) {
            return shipped != null && Arrays.equals(shipped.readAllBytes(), Files.readAllBytes(Path.of(file)));
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }

    static void install(LoggerContext logging) {
        PatternLayoutEncoder encoder = new LateEncoder();
        encoder.setContext(logging);
        encoder.setPattern(PATTERN);
        encoder.start();
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setContext(logging);
        stderr.setName("stderr");
        stderr.setTarget("System.err");
        stderr.setEncoder(encoder);
        stderr.start();
        // Netty logs at DEBUG what it finds on this machine, and at INFO nothing that an operator needs.
        logging.getLogger("io.netty").setLevel(Level.WARN);
        Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(stderr);
    }

    /** Reads its pattern when there first is something to log: a start with nothing to say need not wait for that. */
    private static final class LateEncoder extends PatternLayoutEncoder {

        /** Called by the appender, on any thread that logs. */
        @Override
        public byte[] encode(ILoggingEvent event) {
            synchronized (this) {
                if (layout == null) {
                    super.start();
                }
            }
            return super.encode(event);
        }

        @Override
        public void start() {
            started = true;
        }
    }
}
