@NullMarked
package io.breakwater.server.arch;

import org.jspecify.annotations.NullMarked;
