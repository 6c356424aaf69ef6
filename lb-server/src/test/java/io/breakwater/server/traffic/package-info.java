@NullMarked
package io.breakwater.server.traffic;

import org.jspecify.annotations.NullMarked;
