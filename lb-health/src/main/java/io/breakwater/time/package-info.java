/** Monotonic time: reading it, and doing something when it has come. */
@NullMarked
package io.breakwater.time;

import org.jspecify.annotations.NullMarked;
