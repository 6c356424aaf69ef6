/** Upstream connections, kept alive per event loop and backend. */
@NullMarked
package io.breakwater.server.connection;

import org.jspecify.annotations.NullMarked;
