package io.breakwater.server.config;

import com.typesafe.config.ConfigUtil;
import java.util.Collection;
import java.util.function.Consumer;

/**
 * Writes an effective configuration as HOCON: every key with its value, defaults too. What it writes loads again as an
 * equal configuration. A secret is not written; a required substitution stands in its place, so that the text loads only
 * where the secret is in the environment, never with a made-up one.
 */
public final class ConfigPrinter extends ConfigWalk {

    private static final int INDENT = 2;

    private final StringBuilder out = new StringBuilder();
    private int depth;

    private ConfigPrinter() {}

    public static String print(LbConfig config) {
        ConfigPrinter printer = new ConfigPrinter();
        printer.block("lb", () -> printer.lb(config));
        return printer.out.toString();
    }

    @Override
    void block(String key, Runnable content) {
        indented(key + " {", content, "}");
    }

    @Override
    <T> void items(String key, Collection<T> items, Consumer<T> content) {
        indented(key + " = [", () -> items.forEach(item -> indented("{", () -> content.accept(item), "}")), "]");
    }

    @Override
    void value(String key, String text) {
        line(key + " = " + text);
    }

    @Override
    void secret(String key, String text) {
        value(key, text.isEmpty() ? ConfigUtil.quoteString("") : "${ADMIN_TOKEN}  # hidden");
    }

    /** Only a port that somebody chose must be free, so that a default is not written as if it had been chosen. */
    @Override
    void adminPort(AdminConfig admin) {
        if (admin.portSetExplicitly()) {
            super.adminPort(admin);
        } else {
            line("# port = " + admin.port() + "  (the default; a busy one is only a warning)");
        }
    }

    private void indented(String opening, Runnable content, String closing) {
        line(opening);
        depth++;
        content.run();
        depth--;
        line(closing);
    }

    private void line(String text) {
        out.append(" ".repeat(depth * INDENT)).append(text).append('\n');
    }
}
