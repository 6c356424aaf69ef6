/** What it costs to choose a backend, measured by JMH; {@code lb-bench/jmh Pick} runs it. */
@NullMarked
package io.breakwater.bench.balance;

import org.jspecify.annotations.NullMarked;
