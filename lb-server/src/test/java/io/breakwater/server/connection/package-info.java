@NullMarked
package io.breakwater.server.connection;

import org.jspecify.annotations.NullMarked;
