package io.breakwater.server.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import org.jspecify.annotations.Nullable;

/** An include of a file that cannot be read, or not to its end. */
final class MissingInclude extends ConfigException {

    private static final long serialVersionUID = 1L;

    private final @Nullable String file;
    private final String what;
    private final String rule;

    /** The parts are those that the methods return. */
    MissingInclude(@Nullable String file, String what, String rule) {
        super(what);
        this.file = file;
        this.what = what;
        this.rule = rule;
    }

    /** Returns the line in which the name stands, behind an {@code include} that may be on a line before; 0 if none does. */
    int lineIn(ConfigText text) {
        try {
            String all = text.read();
            for (int at = all.indexOf("include"); at >= 0; at = all.indexOf("include", at + 1)) {
                int start = all.indexOf('"', at);
                int end = start < 0 ? -1 : endOfString(all, start);
                if (end >= 0 && isMeantBy(all.substring(start, end))) {
                    return lineAt(start, all);
                }
            }
        } catch (IOException unreadable) {
            return 0;
        }
        return 0;
    }

    private static int endOfString(String text, int start) {
        int at = start + 1;
        while (at < text.length() && text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return at < text.length() ? at + 1 : -1;
    }

    /** Names are compared as they are meant: with their escapes read, and as paths or URLs. */
    private boolean isMeantBy(String quoted) {
        String name = unquoted(quoted);
        return new File(name).equals(new File(what)) || asUrl(name).equals(what);
    }

    /** The URL as the library makes it, which has no spaces around it and a scheme in small letters. */
    private static String asUrl(String name) {
        try {
            return new URL(name).toString();
        } catch (MalformedURLException otherwise) {
            return name;
        }
    }

    private static String unquoted(String text) {
        try {
            return ConfigFactory.parseString("name = " + text).getString("name");
        } catch (ConfigException | IllegalArgumentException malformed) {
            return text;
        }
    }

    /** The file in which it stands, which is included itself; null if it is not. */
    @Nullable
    String file() {
        return file;
    }

    /** The name that it has there. */
    String what() {
        return what;
    }

    /** What it should be. */
    String rule() {
        return rule;
    }

    /** Returns the line of an offset, counted from 1. */
    static int lineAt(int offset, String text) {
        return 1
                + (int) text.substring(0, offset).chars().filter(c -> c == '\n').count();
    }
}
