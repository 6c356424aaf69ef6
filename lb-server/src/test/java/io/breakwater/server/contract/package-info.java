@NullMarked
package io.breakwater.server.contract;

import org.jspecify.annotations.NullMarked;
