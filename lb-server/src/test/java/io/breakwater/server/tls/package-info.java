/** Clients that speak TLS. */
@NullMarked
package io.breakwater.server.tls;

import org.jspecify.annotations.NullMarked;
