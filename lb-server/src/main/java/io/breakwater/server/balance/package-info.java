/** In which order the backends of a pool are asked. */
@NullMarked
package io.breakwater.server.balance;

import org.jspecify.annotations.NullMarked;
