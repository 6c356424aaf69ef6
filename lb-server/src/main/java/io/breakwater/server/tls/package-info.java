/** TLS on both sides: what is made of certificates and keys, and why a handshake failed. */
@NullMarked
package io.breakwater.server.tls;

import org.jspecify.annotations.NullMarked;
