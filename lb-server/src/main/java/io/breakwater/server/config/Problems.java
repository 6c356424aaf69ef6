package io.breakwater.server.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What was found so far while one configuration is read. Of several errors about one value only the first is kept: the
 * others may follow from it.
 */
final class Problems {

    /** As the library says that an object stands in one file, and that a setting reaches into it. */
    private static final Pattern REACHED_INTO =
            Pattern.compile("merge of " + HoconSource.SET + "(?:: \\d+)?,([^,]+): (\\d{1,9})(?:-\\d+)?");

    private final String fileName;
    /** As the library says that a value of several places stands in this file, too. */
    private final Pattern ownLine;

    /** The configuration before its substitutions are filled in, without the reference. */
    private @Nullable ConfigObject written;

    private final Map<Place, Problem> errors = new LinkedHashMap<>();
    private final Set<Problem> warnings = new LinkedHashSet<>();

    /** @param fileName where a problem is said to be that stands on no line */
    Problems(String fileName) {
        this.fileName = fileName;
        this.ownLine = Pattern.compile(Pattern.quote(fileName) + ": (\\d{1,9})");
    }

    /** Tells what the operator wrote, so that what a substitution brings in from the reference has a line, too. */
    void written(ConfigObject unresolved) {
        written = unresolved;
    }

    void error(ConfigOrigin origin, String key, String value, String rule) {
        add(at(origin, key, value, "expected: " + rule));
    }

    void error(String file, int line, String key, String value, String rule) {
        add(new Problem(file, line, key, value, "expected: " + rule));
    }

    private void add(Problem error) {
        errors.putIfAbsent(new Place(error.file(), error.line(), error.key()), error);
    }

    void warn(ConfigOrigin origin, String key, String value, String advice) {
        warnings.add(at(origin, key, value, "unwise: " + advice));
    }

    boolean isEmpty() {
        return errors.isEmpty();
    }

    List<Problem> warnings() {
        return sorted(warnings);
    }

    /** @throws ConfigProblems if there is any error */
    void verify() throws ConfigProblems {
        if (!errors.isEmpty()) {
            throw new ConfigProblems(sorted(errors.values()));
        }
    }

    private static List<Problem> sorted(Collection<Problem> problems) {
        List<Problem> list = new ArrayList<>(problems);
        list.sort(Problem.FILE_ORDER);
        return list;
    }

    private Problem at(ConfigOrigin origin, String key, String value, String remark) {
        Problem problem = placed(origin, key, value, remark);
        boolean nowhere = problem.line() == 0 && problem.file().equals(fileName);
        ConfigOrigin substitution = nowhere && written != null ? Substitutions.on(key, written) : null;
        return substitution == null ? problem : placed(substitution, key, value, remark);
    }

    private Problem placed(ConfigOrigin origin, String key, String value, String remark) {
        int line = Math.max(0, origin.lineNumber());
        if (origin.filename() != null) {
            return new Problem(origin.filename(), line, key, value, remark);
        }
        String name = origin.description();
        Matcher reached = REACHED_INTO.matcher(name);
        if (reached.matches()) {
            return new Problem(reached.group(1), Integer.parseInt(reached.group(2)), key, value, remark);
        }
        Matcher merged = ownLine.matcher(name);
        if (name.startsWith("merge of ") && !fileName.startsWith("--") && merged.find()) {
            return new Problem(fileName, Integer.parseInt(merged.group(1)), key, value, remark);
        }
        // What stands nowhere, what several files make together, and what the reference says is the file's matter.
        if (name.equals("empty config") || name.startsWith("merge of ") || name.startsWith(HoconSource.REFERENCE)) {
            return new Problem(fileName, 0, key, value, remark);
        }
        // An option of the command line has no lines. The library says "name: 3", or "name: 3-5" where a value spans
        // lines.
        name = name.replaceFirst(": \\d+(-\\d+)?$", "");
        return new Problem(name, name.startsWith("--") ? 0 : line, key, value, remark);
    }

    private record Place(String file, int line, String key) {}
}
