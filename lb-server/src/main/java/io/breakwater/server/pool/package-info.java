/** Pools of backends: who may serve a request now, or why nobody may. */
@NullMarked
package io.breakwater.server.pool;

import org.jspecify.annotations.NullMarked;
