@NullMarked
package io.breakwater.time;

import org.jspecify.annotations.NullMarked;
