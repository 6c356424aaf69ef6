/** TLS, as both sides of the balancer speak it. */
@NullMarked
package io.breakwater.server.tls;

import org.jspecify.annotations.NullMarked;
