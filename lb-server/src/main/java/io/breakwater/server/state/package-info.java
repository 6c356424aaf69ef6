/** What survives a restart: states of circuits, ill health, and what operators have set, in a file. */
@NullMarked
package io.breakwater.server.state;

import org.jspecify.annotations.NullMarked;
