/** What went to the backends during the last minutes. */
@NullMarked
package io.breakwater.server.traffic;

import org.jspecify.annotations.NullMarked;
