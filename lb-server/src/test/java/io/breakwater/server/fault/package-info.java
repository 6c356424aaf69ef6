@NullMarked
package io.breakwater.server.fault;

import org.jspecify.annotations.NullMarked;
