@NullMarked
package io.breakwater.server.events;

import org.jspecify.annotations.NullMarked;
