/** What clients see when one of three replicas fails under load; {@code lb-bench/compare/faults} runs it. JDK only. */
@NullMarked
package io.breakwater.bench.faults;

import org.jspecify.annotations.NullMarked;
