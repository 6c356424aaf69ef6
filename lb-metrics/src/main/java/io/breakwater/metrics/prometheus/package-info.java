@NullMarked
package io.breakwater.metrics.prometheus;

import org.jspecify.annotations.NullMarked;
