@NullMarked
package io.breakwater.server.rfc;

import org.jspecify.annotations.NullMarked;
