/** Races of the circuit breaker, searched by jcstress; {@code lb-bench/jcstress} runs them. */
@NullMarked
package io.breakwater.bench.races;

import org.jspecify.annotations.NullMarked;
