@NullMarked
package io.breakwater.server.admin;

import org.jspecify.annotations.NullMarked;
