@NullMarked
package io.breakwater.health.breaker;

import org.jspecify.annotations.NullMarked;
