@NullMarked
package io.breakwater.server.accesslog;

import org.jspecify.annotations.NullMarked;
