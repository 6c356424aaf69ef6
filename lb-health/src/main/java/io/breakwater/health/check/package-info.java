/** Active health checks: when a backend is probed, and what its answers make of it. */
@NullMarked
package io.breakwater.health.check;

import org.jspecify.annotations.NullMarked;
