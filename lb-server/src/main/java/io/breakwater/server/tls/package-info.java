/** TLS: what certificates and settings of the configuration come to. */
@NullMarked
package io.breakwater.server.tls;

import org.jspecify.annotations.NullMarked;
