@NullMarked
package io.breakwater.server.forwarding;

import org.jspecify.annotations.NullMarked;
