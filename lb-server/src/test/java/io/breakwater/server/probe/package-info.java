@NullMarked
package io.breakwater.server.probe;

import org.jspecify.annotations.NullMarked;
