package ringfence.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "192.168.249.1",
                "255.255.255.255",
                "::",
                "::1",
                "fd00::1",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "2001:DB8::a:0:ffff",
                "64:ff9b::192.0.2.33",
                "1:2:3:4:5:6:1.2.3.4"
            })
    void itsBytesAreThoseThatJavaReads(String text) {
        assertThat(IpLiteral.parse(text)).isEqualTo(InetAddress.ofLiteral(text).getAddress());
    }

    @Test
    void whatJavaWritesIsRead() throws Exception {
        Random random = new Random(6);
        for (int i = 0; i < 1000; i++) {
            byte[] bytes = new byte[i % 2 == 0 ? IpLiteral.V4 : IpLiteral.V6];
            random.nextBytes(bytes);
            InetAddress address =
                    i % 2 == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress("", bytes, -1);
            assertThat(IpLiteral.parse(address.getHostAddress())).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "1.2..4",
                "1.2.3.-4",
                "1.2.3.4 ",
                "1.2.3.0004",
                "0x1.2.3.4",
                "a.b.c.d",
                "\u0661.2.3.4",
                ":",
                ":::",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "12345::",
                "g::",
                ":1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:",
                "1.2.3.4::",
                "::1.2.3.4:5",
                "1:2:3:4:5:6:7:1.2.3.4",
                "fe80::1%eth0",
                "[::1]",
                "localhost"
            })
    void whatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> IpLiteral.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is no IP address");
    }
}
