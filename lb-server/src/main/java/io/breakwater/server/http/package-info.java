@NullMarked
package io.breakwater.server.http;

import org.jspecify.annotations.NullMarked;
