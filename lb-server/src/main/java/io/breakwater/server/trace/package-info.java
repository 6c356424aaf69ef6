/** The ids that a request carries through the balancer: its own, and that of its trace (W3C Trace Context). */
@NullMarked
package io.breakwater.server.trace;

import org.jspecify.annotations.NullMarked;
