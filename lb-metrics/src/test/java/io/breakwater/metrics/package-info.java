@NullMarked
package io.breakwater.metrics;

import org.jspecify.annotations.NullMarked;
