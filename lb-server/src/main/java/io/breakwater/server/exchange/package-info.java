/** One request and its response. */
@NullMarked
package io.breakwater.server.exchange;

import org.jspecify.annotations.NullMarked;
