package io.breakwater.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StderrLoggingTest {
    private static final Path SHIPPED = Path.of("..", "conf", "logback.xml");

    @Test
    void saysWhatTheShippedFileSays() throws JoranException {
        LoggerContext read = new LoggerContext();
        JoranConfigurator reader = new JoranConfigurator();
        reader.setContext(read);
        reader.doConfigure(requireNonNull(getClass().getResource(StderrLogging.SHIPPED)));
        LoggerContext built = new LoggerContext();

        StderrLogging.install(built);

        assertThat(described(built)).isEqualTo(described(read)).isNotEmpty();
    }

    /** Levels that were set, and appenders. */
    private static Map<String, Object> described(LoggerContext logging) {
        Map<String, Object> found = new TreeMap<>();
        for (Logger logger : logging.getLoggerList()) {
            if (logger.getLevel() != null) {
                found.put(logger.getName(), logger.getLevel());
            }
        }
        logging.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().forEachRemaining(appender -> {
            ConsoleAppender<ILoggingEvent> console = (ConsoleAppender<ILoggingEvent>) appender;
            PatternLayoutEncoder encoder = (PatternLayoutEncoder) console.getEncoder();
            found.put(
                    "appender " + console.getName(),
                    List.of(console.getTarget(), encoder.getPattern(), console.isStarted(), encoder.isStarted()));
        });
        return found;
    }

    @Test
    void writesLinesAsThePatternHasThem() {
        LoggerContext logging = new LoggerContext();
        StderrLogging.install(logging);
        Logger logger = logging.getLogger("a.b.Name");
        ConsoleAppender<ILoggingEvent> console = (ConsoleAppender<ILoggingEvent>)
                logging.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("stderr");

        byte[] line = console.getEncoder()
                .encode(new LoggingEvent("", logger, Level.WARN, "said {}", null, new Object[] {7}));

        assertThat(new String(line, UTF_8))
                .matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]{12}(Z|[+-]\\d\\d:\\d\\d) WARN  Name: said 7\\R");
    }

    @Test
    void leavesAnyOtherFileToLogback(@TempDir Path folder) throws IOException {
        Path copied = Files.copy(SHIPPED, folder.resolve("same.xml"));
        Path edited = Files.writeString(
                folder.resolve("other.xml"), Files.readString(SHIPPED).replace("INFO", "DEBUG"));

        assertThat(StderrLogging.isAsShipped(SHIPPED.toString())).isTrue();
        assertThat(StderrLogging.isAsShipped(copied.toString())).isTrue();
        assertThat(StderrLogging.isAsShipped(edited.toString())).isFalse();
        assertThat(StderrLogging.isAsShipped(folder.resolve("none").toString())).isFalse();
        assertThat(StderrLogging.isAsShipped("http://localhost/\0")).isFalse();
        // The tests have a file of their own.
        assertThat(new StderrLogging().configure(new LoggerContext())).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
    }

    @Test
    void isFoundByLogback() {
        assertThat(ServiceLoader.load(Configurator.class)).hasAtLeastOneElementOfType(StderrLogging.class);
    }
}
