@NullMarked
package io.breakwater.server.pool;

import org.jspecify.annotations.NullMarked;
