/** Tests of the archive as whoever carries it away meets it. */
@NullMarked
package io.breakwater.dist;

import org.jspecify.annotations.NullMarked;
