package io.breakwater.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,       10.255.255.255, true",
        "10.0.0.0/8,       11.0.0.0,       false",
        "10.0.0.0/8,       9.255.255.255,  false",
        "192.168.4.0/22,   192.168.7.255,  true",
        "192.168.4.0/22,   192.168.8.0,    false",
        "128.0.0.0/1,      255.0.0.1,      true",
        "128.0.0.0/1,      127.0.0.1,      false",
        "0.0.0.0/0,        203.0.113.9,    true",
        "0.0.0.0/0,        ::1,            false",
        "127.0.0.1,        127.0.0.1,      true",
        "127.0.0.1,        127.0.0.2,      false",
        "127.0.0.1/32,     127.0.0.1,      true",
        "fd00::/8,         fdff::1,        true",
        "fd00::/8,         fe00::1,        false",
        "2001:db8::/33,    2001:db8:7fff::1, true",
        "2001:db8::/33,    2001:db8:8000::1, false",
        "::1,              ::1,            true",
        "::/0,             2001:db8::1,    true",
        "::/0,             10.0.0.1,       false",
        "::ffff:10.0.0.0/104, 10.9.9.9,    true",
        "::ffff:10.0.0.0/104, 11.9.9.9,    false",
    })
    void containsWhatSharesItsPrefix(String range, String address, boolean contained) throws Exception {
        assertThat(Cidr.parse(range).contains(InetAddress.getByName(address))).isEqualTo(contained);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/8",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/08",
                "10.0.0.0/8/8",
                "10.0.0",
                "10.0.0.256",
                "010.0.0.1",
                "10.0.0.1/8",
                "localhost",
                "example.com/8",
                "fd00::/129",
                "fd00::1/8",
                "fe80::1%eth0",
                "[::1]",
                ":",
                "1:2:3",
                "::ffff:10.0.0.0/8"
            })
    void refuses(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8", "127.0.0.1", "fd00:0:0:0:0:0:0:0/8", "0.0.0.0/0"})
    void writesWhatItReads(String text) {
        assertThat(Cidr.parse(text))
                .hasToString(text)
                .isEqualTo(Cidr.parse(text))
                .hasSameHashCodeAs(Cidr.parse(text));
    }

    @Test
    void differsByAddressAndByPrefix() {
        assertThat(Cidr.parse("10.0.0.0/8"))
                .isNotEqualTo(Cidr.parse("10.0.0.0/9"))
                .isNotEqualTo(Cidr.parse("11.0.0.0/8"));
    }
}
