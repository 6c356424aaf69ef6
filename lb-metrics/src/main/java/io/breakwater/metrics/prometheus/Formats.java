package io.breakwater.metrics.prometheus;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The two text formats of Prometheus and the choice between them (RFC 9110 section 12.5.1): OpenMetrics for a scraper
 * that names it and prefers nothing else, the older text for everybody. Stateless.
 */
final class Formats {
    private static final String OPEN_METRICS = "application/openmetrics-text";

    private final ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final ExpositionFormatWriter text = PrometheusTextFormatWriter.create();

    String contentType(@Nullable String accept) {
        return (prefersOpenMetrics(accept) ? openMetrics : text).getContentType();
    }

    void write(OutputStream out, String contentType, MetricSnapshots snapshots) throws IOException {
        (contentType.startsWith(OPEN_METRICS) ? openMetrics : text).write(out, snapshots);
    }

    private static boolean prefersOpenMetrics(@Nullable String accept) {
        if (accept == null) {
            return false;
        }
        double openMetricsQuality = 0;
        double textQuality = 0;
        for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
            String type = range.split(";", 2)[0].strip();
            if (type.equals(OPEN_METRICS)) {
                openMetricsQuality = Math.max(openMetricsQuality, quality(range));
            } else if (type.equals("text/plain")) {
                textQuality = Math.max(textQuality, quality(range));
            }
        }
        return openMetricsQuality > 0 && openMetricsQuality >= textQuality;
    }

    /** Returns the weight of one media range; 1 when it gives none, 0 when it gives nonsense. */
    private static double quality(String range) {
        for (String parameter : range.split(";", -1)) {
            String stripped = parameter.strip();
            if (stripped.startsWith("q=")) {
                try {
                    return Double.parseDouble(stripped.substring(2));
                } catch (NumberFormatException e) {
                    return 0;
                }
            }
        }
        return 1;
    }
}
