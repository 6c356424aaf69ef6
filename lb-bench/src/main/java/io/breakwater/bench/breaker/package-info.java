/** What a circuit breaker costs a request, measured by JMH; {@code lb-bench/jmh} runs it. */
@NullMarked
package io.breakwater.bench.breaker;

import org.jspecify.annotations.NullMarked;
