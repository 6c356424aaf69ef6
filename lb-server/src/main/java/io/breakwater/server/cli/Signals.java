package io.breakwater.server.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the operating system tells this process to do. The actions run on threads of the JVM and must not block. */
interface Signals {

    /** Runs the action on every SIGTERM and SIGINT from now on, in place of the JVM's own exit. */
    void onStop(Runnable action);

    /** Runs the action on every SIGHUP from now on. */
    void onHangUp(Runnable action);

    /** Runs the action on every SIGUSR1 from now on. */
    void onReopen(Runnable action);

    /** The signals of this process. Where the JVM gives them no handlers, it keeps its own way of stopping. */
    static Signals ofProcess() {
        return new Signals() {
            @Override
            public void onStop(Runnable action) {
                SunSignals.handle("TERM", action);
                SunSignals.handle("INT", action);
            }

            @Override
            public void onHangUp(Runnable action) {
                SunSignals.handle("HUP", action);
            }

            @Override
            public void onReopen(Runnable action) {
                SunSignals.handle("USR1", action);
            }
        };
    }

    /**
     * {@code sun.misc.Signal}, which is all that Java has for this. It is reached by reflection, because the compiler
     * warns of it in a way that cannot be turned off.
     */
    final class SunSignals {
        private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

        private SunSignals() {}

        private static void handle(String name, Runnable action) {
            try {
                Class<?> signal = Class.forName("sun.misc.Signal");
                Class<?> handler = Class.forName("sun.misc.SignalHandler");
                Object proxy = Proxy.newProxyInstance(
                        Signals.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                            action.run();
                            return null;
                        });
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            } catch (InvocationTargetException e) {
                LOG.debug("SIG{} keeps the handler of the JVM", name, e.getCause());
            } catch (ReflectiveOperationException e) {
                LOG.debug("SIG{} keeps the handler of the JVM", name, e);
            }
        }
    }
}
