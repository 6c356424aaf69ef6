@NullMarked
package io.breakwater.server.fuzz;

import org.jspecify.annotations.NullMarked;
