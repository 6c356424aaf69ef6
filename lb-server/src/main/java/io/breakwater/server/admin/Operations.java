package io.breakwater.server.admin;

import io.breakwater.server.config.ReloadResult;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the admin port may do to the balancer. Access is decided before; whoever calls this may. */
public interface Operations {

    /**
     * Does something to one backend. Doing again what is done already changes nothing, and says so. Called on the admin
     * port's own thread; must not block.
     */
    Result backend(String pool, String id, Action action);

    /** Reads the configuration again. Called on a thread that may block, one call at a time. */
    ReloadResult reload();

    /** What can be done to a backend; the last part of the path. */
    enum Action {
        /** Takes requests again. */
        ENABLE,
        /** No new requests; what is under way ends, and checks go on. */
        DRAIN,
        /** As drain; idle connections are closed and no checks are made either. */
        DISABLE,
        /** Opens the circuit until it is reset. */
        TRIP,
        /** Closes the circuit, with nothing counted. */
        RESET;

        private final String label = name().toLowerCase(Locale.ROOT);

        /** As the path has it. */
        public String label() {
            return label;
        }

        static @Nullable Action of(String label) {
            for (Action action : values()) {
                if (action.label.equals(label)) {
                    return action;
                }
            }
            return null;
        }
    }

    /** How an action ended. */
    sealed interface Result {

        /**
         * It is as the action wants it.
         *
         * @param from what was before: the admin state, or the state of the circuit
         * @param to what is now
         * @param changed false if it was so before
         * @param backend what has become of it
         */
        record Done(String from, String to, boolean changed, StatusView.Backend backend) implements Result {}

        /**
         * There is no such pool, or no such backend in it.
         *
         * @param what is missing
         */
        record Missing(String what) implements Result {}

        /**
         * It cannot be done to this backend.
         *
         * @param why for the operator
         */
        record Refused(String why) implements Result {}
    }
}
