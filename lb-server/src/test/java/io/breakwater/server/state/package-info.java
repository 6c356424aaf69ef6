/** What survives a restart. */
@NullMarked
package io.breakwater.server.state;

import org.jspecify.annotations.NullMarked;
