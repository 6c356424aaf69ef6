/** Event loops, transport, coarse timeouts, and a scheduler on a loop of its own. */
@NullMarked
package io.breakwater.server.runtime;

import org.jspecify.annotations.NullMarked;
