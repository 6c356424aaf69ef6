@NullMarked
package io.breakwater.server.config;

import org.jspecify.annotations.NullMarked;
