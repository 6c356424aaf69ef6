@NullMarked
package io.breakwater.server.replay;

import org.jspecify.annotations.NullMarked;
