package ringfence.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8259. */
class JsonTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "[1,-2.5e+3,true,false,null,\"x\"]",
                "{\"a\":{\"b\":[{}]},\"c\":\"\\\"\\\\\\n\\u0001\"}",
                "18446744073709551615",
                "\"ü😀\""
            })
    void isWrittenAsItWasRead(String text) {
        assertThat(JsonReader.read(text)).hasToString(text);
    }

    @Test
    void escapesAndSpacesAreRead() {
        assertThat(JsonReader.read(" { \"\\u0041\\/\" :\t[ 1 , 2 ]\r\n} ")).hasToString("{\"A/\":[1,2]}");
    }

    @Test
    void halfACharacterIsEscaped() {
        assertThat(new Json.Str("\ud83d")).hasToString("\"\\ud83d\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,]",
                "{\"a\":1,}",
                "{a:1}",
                "01",
                "1.",
                ".5",
                "+1",
                "1e",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"a",
                "tru",
                "nul",
                "[1 2]",
                "{} {}",
                "\"\t\"",
                "{\"a\":1,\"a\":2}",
                "'a'",
                "NaN",
                "-"
            })
    void whatIsNoJsonIsRefused(String text) {
        assertThatThrownBy(() -> JsonReader.read(text))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining("not JSON");
    }

    @Test
    void deepNestingIsRefusedBeforeTheStackIsUsedUp() {
        assertThatThrownBy(() -> JsonReader.read("[".repeat(1_000_000)))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining("nested deeper");
    }
}
