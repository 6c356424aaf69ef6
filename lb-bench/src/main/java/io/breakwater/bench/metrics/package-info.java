/** What it costs to record a request, measured by JMH; {@code lb-bench/jmh RecordRequest} runs it. */
@NullMarked
package io.breakwater.bench.metrics;

import org.jspecify.annotations.NullMarked;
