@NullMarked
package io.breakwater.server.runtime;

import org.jspecify.annotations.NullMarked;
