package io.breakwater.metrics.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.breakwater.metrics.MetricsExposition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What one scrape in Prometheus' text format says. A series is written {@code name{a="1",b="2"}}, labels sorted. */
record Scrape(Map<String, String> types, Map<String, String> help, Map<String, Double> series) {
    private static final Pattern SAMPLE = Pattern.compile("([a-z_0-9]+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    static Scrape of(MetricsExposition metrics) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            metrics.write(out, metrics.contentType(null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Scrape scrape = new Scrape(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
        out.toString(UTF_8).lines().forEach(scrape::read);
        return scrape;
    }

    /** Returns the value of a series, which must be there. */
    double value(String name) {
        Double value = series.get(name);
        if (value == null) {
            throw new AssertionError("no series " + name + " among " + series.keySet());
        }
        return value;
    }

    private void read(String line) {
        String[] words = line.split(" ", 4);
        if (line.startsWith("# TYPE ")) {
            types.put(words[2], words[3]);
        } else if (line.startsWith("# HELP ")) {
            help.put(words[2], words.length > 3 ? words[3] : "");
        } else {
            Matcher sample = SAMPLE.matcher(line);
            if (!sample.matches()) {
                throw new AssertionError("not a sample: " + line);
            }
            Double before = series.put(
                    sample.group(1) + sorted(sample.group(2)),
                    Double.valueOf(sample.group(3).replace("+Inf", "Infinity")));
            if (before != null) {
                throw new AssertionError("twice: " + line);
            }
        }
    }

    @SuppressWarnings("NullAway") // a group that did not take part is null
    private static String sorted(String labels) {
        if (labels == null || labels.isEmpty()) {
            return "";
        }
        Map<String, String> byName = new TreeMap<>();
        LABEL.matcher(labels).results().forEach(label -> byName.put(label.group(1), label.group(2)));
        StringBuilder text = new StringBuilder("{");
        byName.forEach((name, value) -> text.append(text.length() > 1 ? "," : "")
                .append(name)
                .append("=\"")
                .append(value)
                .append('"'));
        return text.append('}').toString();
    }
}
