/** What is answered when no backend may serve, or the last try failed: contents that are ready, and responses that are kept. */
@NullMarked
package io.breakwater.server.fallback;

import org.jspecify.annotations.NullMarked;
