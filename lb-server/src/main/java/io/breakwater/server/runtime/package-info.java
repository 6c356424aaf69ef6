/** Event loops, transport, coarse timeouts, the memory of buffers, and a scheduler on a loop of its own. */
@NullMarked
package io.breakwater.server.runtime;

import org.jspecify.annotations.NullMarked;
