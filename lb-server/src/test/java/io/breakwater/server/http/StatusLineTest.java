package io.breakwater.server.http;

import static io.breakwater.server.http.RequestHeadTest.buffer;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusLineTest {
    private final ResponseHead head = new ResponseHead(new HeadLimits(100, 400, 10));

    @Test
    void everyCodeOfTheFiveClassesIsTakenButThatOfAnUpgrade() {
        for (int code = 0; code < 1000; code++) {
            HeadError expected = code == 101
                    ? HeadError.UNASKED_UPGRADE
                    : code < 100 || code > 599 ? HeadError.INVALID_STATUS_LINE : null;
            assertThat(errorOf("HTTP/1.1 %03d X".formatted(code)))
                    .as("%03d", code)
                    .isEqualTo(expected);
            assertThat(head.status()).isEqualTo(code);
        }
    }

    private @Nullable HeadError errorOf(String line) {
        head.reset();
        Scan found = head.scan(buffer(line + "\r\n\r\n"), false);
        assertThat(found).isEqualTo(head.error() == null ? Scan.COMPLETE : Scan.REFUSED);
        return head.error();
    }
}
