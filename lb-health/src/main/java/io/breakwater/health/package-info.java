@NullMarked
package io.breakwater.health;

import org.jspecify.annotations.NullMarked;
