/** In which order the backends of a pool are asked: a policy over candidates, and what it may know of them. */
@NullMarked
package io.breakwater.server.balance;

import org.jspecify.annotations.NullMarked;
