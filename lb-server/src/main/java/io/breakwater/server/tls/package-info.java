/** TLS: what certificates, keys and settings of the configuration come to, and why a handshake failed. */
@NullMarked
package io.breakwater.server.tls;

import org.jspecify.annotations.NullMarked;
