/** A configuration that is replaced while requests are served. */
@NullMarked
package io.breakwater.server.reload;

import org.jspecify.annotations.NullMarked;
