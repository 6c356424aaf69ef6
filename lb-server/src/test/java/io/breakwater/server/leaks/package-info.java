@NullMarked
package io.breakwater.server.leaks;

import org.jspecify.annotations.NullMarked;
