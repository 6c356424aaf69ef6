/** Event loops, transport and coarse timeouts. */
@NullMarked
package io.breakwater.server.runtime;

import org.jspecify.annotations.NullMarked;
