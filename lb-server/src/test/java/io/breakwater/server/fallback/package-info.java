@NullMarked
package io.breakwater.server.fallback;

import org.jspecify.annotations.NullMarked;
