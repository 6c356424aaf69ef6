@NullMarked
package io.breakwater.server.fallback.queue;

import org.jspecify.annotations.NullMarked;
