@NullMarked
package io.breakwater.server.trace;

import org.jspecify.annotations.NullMarked;
