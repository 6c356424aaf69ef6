package io.breakwater.server.config;

import java.util.List;
import org.slf4j.Logger;

/** How a reload ended. Immutable. */
public sealed interface ReloadResult {

    /** Says it in the log, in one line and one more for each problem or warning. */
    void logTo(Logger log, String asker);

    /**
     * The new configuration is in effect.
     *
     * @param changes one line each; empty if nothing differed
     * @param warnings what is legal but unwise in it, one line each
     */
    record Success(List<String> changes, List<String> warnings) implements ReloadResult {

        public Success {
            changes = List.copyOf(changes);
            warnings = List.copyOf(warnings);
        }

        @Override
        public void logTo(Logger log, String asker) {
            log.info(
                    "reload ({}): done, {}", asker, changes.isEmpty() ? "nothing changed" : String.join("; ", changes));
            warnings.forEach(warning -> log.warn("reload ({}): {}", asker, warning));
        }
    }

    /**
     * The new configuration is invalid, or changes what needs a restart: nothing of it is in effect.
     *
     * @param problems every one in a line, {@code FILE:LINE: key: value (expected: rule)}; never empty
     */
    record Refused(List<String> problems) implements ReloadResult {

        public Refused {
            if (problems.isEmpty()) {
                throw new IllegalArgumentException("a refusal has its reasons");
            }
            problems = List.copyOf(problems);
        }

        public static Refused of(ConfigProblems refusal) {
            return new Refused(
                    refusal.problems().stream().map(Problem::toString).toList());
        }

        @Override
        public void logTo(Logger log, String asker) {
            log.warn("reload ({}): refused, the configuration before it stays in effect", asker);
            problems.forEach(problem -> log.warn("reload ({}): {}", asker, problem));
        }
    }

    /**
     * There is nothing to read a new configuration from.
     *
     * @param why for the operator
     */
    record Unavailable(String why) implements ReloadResult {

        /** The balancer was started without a file: by {@code --backend}, or as the demo. */
        public static final Unavailable NO_FILE =
                new Unavailable("started without a configuration file (expected: lb -c FILE)");

        @Override
        public void logTo(Logger log, String asker) {
            log.warn("reload ({}): not possible: {}", asker, why);
        }
    }
}
