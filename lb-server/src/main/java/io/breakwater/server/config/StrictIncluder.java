package io.breakwater.server.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseable;
import java.io.File;
import java.net.URL;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/** Takes files only, and only such as exist: HOCON passes over a missing one, which hides a typing mistake. */
final class StrictIncluder implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    private static final int MOST_NESTED = 20;
    private static final String CIRCLE =
            "files that do not include each other in a circle, nor more than " + MOST_NESTED + " deep";

    private static final String READABLE = "a readable file";

    /** The included files that are being read, the innermost first. */
    private final Deque<String> open = new ArrayDeque<>();

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        ConfigParseable relative = context.relativeTo(what);
        if (relative == null) { // the library knows no folder of a file that is named without one
            return includeFile(context, new File(what));
        }
        String file = relative.origin().filename();
        if (file == null) {
            throw new MissingInclude(open.peek(), what, READABLE);
        }
        return included(what, file, () -> relative.parse(context.parseOptions().setAllowMissing(false)));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        return included(
                what.getPath(),
                what.getPath(),
                () -> ConfigFactory.parseFile(what, context.parseOptions().setAllowMissing(false))
                        .root());
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw new MissingInclude(open.peek(), what.toString(), READABLE);
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        throw new MissingInclude(open.peek(), what, READABLE);
    }

    private ConfigObject included(String what, String file, Supplier<ConfigObject> parse) {
        String around = open.peek();
        if (open.size() == MOST_NESTED) {
            throw new MissingInclude(around, what, CIRCLE);
        }
        open.push(file);
        try {
            return parse.get();
        } catch (ConfigException.IO unreadable) {
            throw new MissingInclude(around, what, READABLE);
        } catch (MissingInclude nested) {
            // A circle begins where the file itself steps into it.
            throw nested.rule().equals(CIRCLE) ? new MissingInclude(around, what, CIRCLE) : nested;
        } finally {
            open.pop();
        }
    }
}
