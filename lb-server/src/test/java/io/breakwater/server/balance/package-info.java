@NullMarked
package io.breakwater.server.balance;

import org.jspecify.annotations.NullMarked;
