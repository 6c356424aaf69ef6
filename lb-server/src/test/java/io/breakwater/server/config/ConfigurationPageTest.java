package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/configuration.md and reference.conf say the same. */
class ConfigurationPageTest {

    /** Key, type, default and reason, none of them empty. */
    private static final Pattern ROW =
            Pattern.compile("^\\| `(lb\\.[a-z.-]+)` \\| [^|]+ \\| `([^|]+)` \\| .{20,} \\|$", Pattern.MULTILINE);

    @Test
    void hasARowWithTypeDefaultAndReasonForEachKey() throws IOException {
        Map<String, String> rows = new TreeMap<>();
        ROW.matcher(Files.readString(Path.of("..", "docs", "configuration.md")))
                .results()
                .forEach(row -> assertThat(rows.put(row.group(1), row.group(2)))
                        .as("rows of " + row.group(1))
                        .isNull());

        Map<String, String> defaults = new TreeMap<>();
        collect("", HoconSource.reference().root(), defaults);

        assertThat(rows).isEqualTo(defaults);
    }

    @Test
    void theReferenceGivesAReasonForEachKey() {
        everyKeyHasAComment(
                "", ConfigFactory.parseResources(HoconSource.REFERENCE).root());
    }

    private static void everyKeyHasAComment(String path, ConfigObject object) {
        object.forEach((key, value) -> {
            String full = path.isEmpty() ? key : path + "." + key;
            assertThat(value.origin().comments()).as("comment above " + full).isNotEmpty();
            if (value instanceof ConfigObject inner) {
                everyKeyHasAComment(full, inner);
            }
        });
    }

    private static void collect(String path, ConfigObject object, Map<String, String> defaults) {
        object.forEach((key, value) -> {
            String full = path.isEmpty() ? key : path + "." + key;
            if (value instanceof ConfigObject inner && !inner.isEmpty()) {
                collect(full, inner, defaults);
            } else {
                defaults.put(full, written(value));
            }
        });
    }

    /** As in the file: durations, sizes, ratios and choices without quotes, other texts with. */
    private static String written(ConfigValue value) {
        if (value instanceof ConfigList list) {
            return list.stream().map(ConfigurationPageTest::written).collect(Collectors.joining(", ", "[", "]"));
        }
        String text = value.render(ConfigRenderOptions.concise());
        boolean bare = value.valueType() == ConfigValueType.STRING && text.matches("\"([a-z-]+|[0-9]+[A-Za-z%]+)\"");
        return bare ? text.substring(1, text.length() - 1) : text;
    }
}
