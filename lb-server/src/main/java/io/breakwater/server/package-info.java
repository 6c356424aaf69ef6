/** Where everything is put together. */
@NullMarked
package io.breakwater.server;

import org.jspecify.annotations.NullMarked;
