package io.breakwater.server.admin;

import static java.util.Objects.requireNonNull;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file of the dashboard: what is the same for everybody, and holds no data. Read out of the jar when it is first asked
 * for. A browser keeps it, but asks each time whether it is still the same, so that the files of two versions never meet.
 * Safe from any thread.
 */
final class StaticFile {
    /** All of them; the first one is the page. */
    static final List<String> NAMES = List.of(
            "index.html",
            "style.css",
            "icon.svg",
            "js/actions.js",
            "js/api.js",
            "js/charts.js",
            "js/countdown.js",
            "js/dialogs.js",
            "js/dom.js",
            "js/format.js",
            "js/icons.js",
            "js/live.js",
            "js/main.js",
            "js/model.js",
            "js/state.js",
            "js/stream.js",
            "js/theme.js",
            "js/views/explain.js",
            "js/views/headline.js",
            "js/views/incidents.js",
            "js/views/pools.js",
            "js/views/row.js",
            "js/views/sentence.js",
            "uplot/LICENSE",
            "uplot/uPlot.esm.js",
            "uplot/uPlot.min.css");

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "svg", "image/svg+xml",
            "LICENSE", "text/plain; charset=utf-8");
    private static final int TAG_BYTES = 12;
    private static final byte[] NOTHING = {};

    private final String name;
    private volatile @Nullable Answers answers;

    private StaticFile(String name) {
        this.name = name;
    }

    /**
     * @param whole the file
     * @param unchanged that it is the one that is known
     */
    private record Answers(String tag, Answer whole, Answer unchanged) {}

    /** Returns all of them. */
    static List<StaticFile> all() {
        return NAMES.stream().map(StaticFile::new).toList();
    }

    /** Two that are first at the same time both read it. */
    private Answers answers() {
        Answers known = answers;
        if (known == null) {
            byte[] content = read(name);
            String tag = '"' + HexFormat.of().formatHex(sha256(content), 0, TAG_BYTES) + '"';
            String type =
                    requireNonNull(TYPES.get(name.substring(name.lastIndexOf(name.indexOf('.') < 0 ? '/' : '.') + 1)));
            known = new Answers(
                    tag,
                    validated(Answer.ok(type, content), tag),
                    // RFC 9110 section 8.6: the length that the file has.
                    validated(new Answer(HttpResponseStatus.NOT_MODIFIED, type, NOTHING, Map.of()), tag)
                            .with(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(content.length)));
            answers = known;
        }
        return known;
    }

    private static Answer validated(Answer answer, String tag) {
        return answer.with(HttpHeaderNames.CACHE_CONTROL, "no-cache").with(HttpHeaderNames.ETAG, tag);
    }

    /** Returns where it is found; the page is at the root. */
    String path() {
        return name.equals(NAMES.get(0)) ? "/" : "/" + name;
    }

    /** Answers with the file, or that it is the one that is known (RFC 9110 section 13.1.2). */
    Answer answer(HttpRequest request) {
        Answers read = answers();
        boolean known = request.headers().getAll(HttpHeaderNames.IF_NONE_MATCH).stream()
                .flatMap(value -> Stream.of(value.split(",", -1)))
                .map(String::strip)
                .anyMatch(each -> each.equals("*") || each.equals(read.tag()) || each.equals("W/" + read.tag()));
        return known ? read.unchanged() : read.whole();
    }

    private static byte[] read(String name) {
        try (InputStream in = StaticFile.class.getResourceAsStream("/admin/" + name)) {
            return requireNonNull(in, "not in the jar: admin/" + name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
