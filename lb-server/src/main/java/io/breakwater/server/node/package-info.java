/** The JSON-lines node: a circuit breaker per service, driven over a pair of streams. */
@NullMarked
package io.breakwater.server.node;

import org.jspecify.annotations.NullMarked;
