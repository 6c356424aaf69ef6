/**
 * Writes that no backend may serve now: kept on disk, replayed in order, answered for by id. Knows nothing of sockets; what
 * sends a request is handed in.
 */
@NullMarked
package io.breakwater.server.fallback.queue;

import org.jspecify.annotations.NullMarked;
