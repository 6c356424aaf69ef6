@NullMarked
package io.breakwater.server.route;

import org.jspecify.annotations.NullMarked;
