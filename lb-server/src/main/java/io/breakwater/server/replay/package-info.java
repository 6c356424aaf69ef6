/** What circuit breakers would have made of recorded traffic. */
@NullMarked
package io.breakwater.server.replay;

import org.jspecify.annotations.NullMarked;
