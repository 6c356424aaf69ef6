package io.breakwater.server.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.CoreConstants;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * Logback as {@code conf/logback.xml} sets it up when it is shipped, for a start that need not wait until every jar has
 * been looked through for a provider of loggers, and XML has been read: logs go to stderr, so that stdout has nothing but
 * what a command was asked for. SLF4J makes one, on the thread that asks for the first logger.
 */
public final class StderrLogging implements SLF4JServiceProvider {
    static final String FILE = "logback.configurationFile";
    static final String PROVIDER = "slf4j.provider";
    static final String SHIPPED = "/logback.xml";
    private static final String VERBOSITY = "slf4j.internal.verbosity";
    private static final String SLF4J_VERSION = "2.0.99";
    private static final String PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level %logger{0}: %msg%n";

    private final LoggerContext logging = new LoggerContext();
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final LogbackMDCAdapter diagnosticContext = new LogbackMDCAdapter();

    /** Called by SLF4J. */
    public StderrLogging() {}

    /**
     * Has SLF4J take this, unless somebody wants it otherwise: by another provider, or by a file for Logback that is not as
     * shipped. To be called before there is any logger.
     */
    public static void choose() {
        String file = System.getProperty(FILE);
        if (System.getProperty(PROVIDER) == null && (file == null || isAsShipped(file))) {
            System.setProperty(PROVIDER, StderrLogging.class.getName());
            if (System.getProperty(VERBOSITY) == null) {
                System.setProperty(VERBOSITY, "WARN"); // It would tell on stderr what it was given.
            }
        }
    }

    /** Logback also takes a URL or a resource; what cannot be read here as a file is for it to judge. */
    static boolean isAsShipped(String file) {
        try (InputStream shipped = StderrLogging.class.getResourceAsStream(SHIPPED)) {
            return shipped != null && Arrays.equals(shipped.readAllBytes(), Files.readAllBytes(Path.of(file)));
        } catch (IOException | InvalidPathException e) {
            return false;
        }
    }

    @Override
    public void initialize() {
        logging.setName(CoreConstants.DEFAULT_CONTEXT_NAME);
        logging.setMDCAdapter(diagnosticContext);
        install(logging);
        logging.start();
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

    @Override
    public ILoggerFactory getLoggerFactory() {
        return logging;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return diagnosticContext;
    }

    @Override
    public String getRequestedApiVersion() {
        return SLF4J_VERSION;
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
