package ringfence.option;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionTableTest {
    /** A record with one option of each usual type. */
    record Sample(Optional<String> path, boolean readOnly, int queues, long size, Mode mode, List<Integer> cpus) {
        enum Mode implements OptionTypes.Choice {
            OFF("off", "Off"),
            FULL("full", "Full");

            private final String word;
            private final String jsonName;

            Mode(String word, String jsonName) {
                this.word = word;
                this.jsonName = jsonName;
            }

            @Override
            public String word() {
                return word;
            }

            @Override
            public String jsonName() {
                return jsonName;
            }
        }

        static final Option<Sample, Optional<String>> PATH = Option.of(
                "path", OptionTypes.optional(OptionTypes.text("path")), Optional.empty(), Sample::path, "the file");
        static final Option<Sample, Boolean> READ_ONLY =
                Option.of("readonly", OptionTypes.toggle(), false, Sample::readOnly, "no writes");
        static final Option<Sample, Integer> QUEUES =
                Option.of("queues", "num_queues", OptionTypes.integer(1, 64), 1, Sample::queues, "number of queues");
        static final Option<Sample, Long> SIZE =
                Option.of("size", OptionTypes.size(), 512L << 20, Sample::size, "bytes");
        static final Option<Sample, Mode> MODE =
                Option.of("mode", OptionTypes.choice(Mode.class), Mode.OFF, Sample::mode, "how");
        static final Option<Sample, List<Integer>> CPUS =
                Option.of("cpus", OptionTypes.integers(0, 255), List.of(), Sample::cpus, "where");
        static final OptionTable<Sample> TABLE = OptionTable.of(
                        "Sample",
                        v -> new Sample(
                                v.get(PATH), v.get(READ_ONLY), v.get(QUEUES), v.get(SIZE), v.get(MODE), v.get(CPUS)),
                        PATH,
                        READ_ONLY,
                        QUEUES,
                        SIZE,
                        MODE,
                        CPUS)
                .unsupported(
                        "burst", "profile=host", "width/width_bits=64", "p2p=on", "clock!", "flag_only/", "/limits=0")
                .alias("nqueues", "queues");
    }

    @Test
    void nothingSaidMeansTheDefaults() {
        Sample defaults = new Sample(Optional.empty(), false, 1, 512L << 20, Sample.Mode.OFF, List.of());
        assertThat(Sample.TABLE.parse("")).isEqualTo(defaults).isEqualTo(Sample.TABLE.defaults());
        assertThat(Sample.TABLE.read(JsonReader.read("{}"))).isEqualTo(defaults);
    }

    @Test
    void aFlagSaysAll() {
        assertThat(Sample.TABLE.parse("path=\"/a,b \"\"c\"\"\",readonly=on,queues=0x10,size=4G,mode=full,cpus=[0,2-4]"))
                .isEqualTo(new Sample(
                        Optional.of("/a,b \"c\""), true, 16, 4L << 30, Sample.Mode.FULL, List.of(0, 2, 3, 4)));
    }

    @Test
    void jsonSaysTheSame() {
        Sample sample = Sample.TABLE.parse("path=/a,readonly=on,queues=16,size=4G,mode=full,cpus=[0,2-4]");
        Json.Obj json = Sample.TABLE.write(sample);
        assertThat(json)
                .hasToString("{\"path\":\"/a\",\"readonly\":true,\"num_queues\":16,\"size\":4294967296,"
                        + "\"mode\":\"Full\",\"cpus\":[0,2,3,4]}");
        assertThat(Sample.TABLE.read(JsonReader.read(json.toString()))).isEqualTo(sample);
    }

    @Test
    void whatThereIsNotYetMayBeOff() {
        assertThat(Sample.TABLE.parse("burst=off,queues=2").queues()).isEqualTo(2);
        assertThat(Sample.TABLE.parse("burst=false,queues=3").queues()).isEqualTo(3);
    }

    /** One list for both: what asks for nothing in a flag does so in JSON. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "burst=off                  | 'burst':false",
                "burst=                     | 'burst':''",
                "burst=[]                   | 'burst':[]",
                "burst=false                | 'burst':{'amx':false,'x':{'y':null}}",
                "profile=host               | 'profile':'Host'",
                "width=64                   | 'width_bits':64",
                "p2p=on                     | 'p2p':true",
                "p2p=true                   | 'p2p':false",
                "clock=off                  | 'clock':null",
                "flag_only=off              | 'limits':{'bandwidth':{'size':0}}",
            })
    void whatAsksForNothingIsTakenInFlagAndJson(String flag, String member) {
        assertThat(Sample.TABLE.parse("queues=2," + flag)).isEqualTo(Sample.TABLE.parse("queues=2"));
        Json.Obj json = (Json.Obj) JsonReader.read("{" + member.replace('\'', '"') + "}");
        assertThat(Sample.TABLE.read(json)).isEqualTo(Sample.TABLE.defaults());
        assertThat(Sample.TABLE.unknown(json)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "burst=on    | 'burst':true            | burst     | burst",
                "burst=0     | 'burst':0               | burst     | burst",
                "burst=[amx] | 'burst':{'amx':true}    | burst     | burst",
                "profile=amd | 'profile':'Amd'         | profile   | profile",
                "width=48    | 'width_bits':48         | width     | width_bits",
                "p2p=maybe   | 'p2p':1                 | p2p       | p2p",
                "clock=on    | 'clock':{}              | clock     | clock",
                "flag_only=3 | 'limits':{'ops':{'size':5}} | flag_only | limits",
            })
    void whatAsksForMoreIsRefusedByNameInFlagAndJson(String flag, String member, String key, String field) {
        assertThatThrownBy(() -> Sample.TABLE.parse(flag))
                .isInstanceOf(OptionException.class)
                .hasMessage("key '" + key + "' is not supported yet: leave it out");
        assertThatThrownBy(() -> Sample.TABLE.read(JsonReader.read("{" + member.replace('\'', '"') + "}")))
                .isInstanceOf(OptionException.class)
                .hasMessage(field + " is not supported yet: leave it out");
    }

    @Test
    void aNameThatIsOnlyInFlagsIsNoneInJsonAndTheReverse() {
        Json.Obj json = (Json.Obj) JsonReader.read("{\"flag_only\":3,\"width\":48}");
        assertThat(Sample.TABLE.read(json)).isEqualTo(Sample.TABLE.defaults());
        assertThat(Sample.TABLE.unknown(json)).containsExactly("flag_only", "width");
        assertThatThrownBy(() -> Sample.TABLE.parse("limits=3")).hasMessageStartingWith("unknown key 'limits'");
        assertThatThrownBy(() -> Sample.TABLE.parse("=3")).hasMessageStartingWith("unknown key ''");
    }

    @Test
    void anOldNameStandsForTheOptionAndIsNotTold() {
        Json.Obj json = (Json.Obj) JsonReader.read("{\"nqueues\":7}");
        assertThat(Sample.TABLE.parse("nqueues=7").queues()).isEqualTo(7);
        assertThatThrownBy(() -> Sample.TABLE.parse("nqueues=7,queues=7")).hasMessage("queues: is given twice");
        assertThat(Sample.TABLE.syntax() + Sample.TABLE.schema() + Sample.TABLE.help())
                .doesNotContain("nqueues");
        OptionTable<Integer> table =
                OptionTable.of("T", v -> v.get(COUNT), COUNT).required("num").alias("old", "num");
        assertThat(table.read(JsonReader.read("{\"old\":7}"))).isEqualTo(7);
        assertThat(table.unknown((Json.Obj) JsonReader.read("{\"old\":7}"))).isEmpty();
        assertThat(table.read(JsonReader.read("{\"old\":7,\"num\":8}"))).isEqualTo(8);
        assertThat(Sample.TABLE.unknown(json)).as("of another name in JSON").containsExactly("nqueues");
    }

    private static final Option<Integer, Integer> COUNT =
            Option.of("num", OptionTypes.integer(1, 64), 1, number -> number, "a number");

    @Test
    void aHiddenOptionIsTakenAndWrittenAndNotTold() {
        Option<Integer, Integer> hidden =
                Option.of("_x", "x", OptionTypes.integer(0, 9), 0, number -> number / 100, "secret");
        OptionTable<Integer> table = OptionTable.of("T", v -> v.get(COUNT) + 100 * v.get(hidden), COUNT)
                .hidden(hidden);
        assertThat(table.parse("num=2,_x=3")).isEqualTo(302);
        assertThat(table.read(JsonReader.read("{\"num\":2,\"x\":3}"))).isEqualTo(302);
        assertThat(table.unknown((Json.Obj) JsonReader.read("{\"x\":3}"))).isEmpty();
        assertThat(table.write(302).get("x")).isEqualTo(new Json.Num(3));
        assertThat(table.syntax() + table.schema() + table.help()).doesNotContain("x\"", "_x", "secret");
        assertThatThrownBy(() -> table.parse("_y=3")).hasMessage("unknown key '_y'; known are num");
        assertThat(table.options()).containsExactly(COUNT);
    }

    @Test
    void theSchemaSaysWhatIsRefused() {
        assertThat(Sample.TABLE.schema().get(OptionTable.UNSUPPORTED))
                .hasToString("[\"burst\",\"profile\",\"width_bits\",\"p2p\",\"clock\",\"limits\"]");
    }

    @Test
    void unknownMembersOfJsonAreIgnoredAndCanBeNamed() {
        Json.Obj json = (Json.Obj) JsonReader.read("{\"num_queues\":2,\"iommu\":true,\"tpm\":null,"
                + "\"gdb\":false,\"features\":{\"amx\":false},\"list\":[],\"text\":\"\"}");
        assertThat(Sample.TABLE.read(json).queues()).isEqualTo(2);
        assertThat(Sample.TABLE.unknown(json)).containsExactly("iommu");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "readonyl=on | unknown key 'readonyl'; did you mean 'readonly'?",
                "xyzzy=on    | unknown key 'xyzzy'; known are path, readonly, queues, size, mode, cpus",
                "burst=1     | key 'burst' is not supported yet: leave it out",
                "readonly    | 'readonly' has no value: write key=value",
                "readonly=yes| readonly: 'yes' is neither on nor off",
                "queues=0    | queues: is 0, 1 to 64 are possible",
                "queues=x    | queues: 'x' is no whole number",
                "queues=99999999999999999999 | queues: '99999999999999999999' is no whole number",
                "size=12X    | size: '12X' is no size, such as 512M or 4G",
                "size=9999999999T | size: size 9999999999T is out of range",
                "size=-1     | size: size -1 is out of range",
                "mode=half   | mode: 'half' is none of off, full",
                "cpus=[1,300]| cpus: holds 300, 0 to 255 are possible",
                "cpus=[4-2]  | cpus: '4-2' ends before it begins",
                "cpus=[1     | '[' is not closed",
                "path=\"a    | a quote is not closed",
                "path=a,path=b | path: is given twice"
            })
    void whatIsWrongIsOneLine(String flag, String line) {
        assertThatThrownBy(() -> Sample.TABLE.parse(flag))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining(line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"num_queues\":\"2\"} | num_queues is a text, a whole number is needed",
                "{\"num_queues\":65} | num_queues is 65, 1 to 64 are possible",
                "{\"readonly\":\"on\"} | readonly is a text, true or false is needed",
                "{\"mode\":\"full\"} | mode is \"full\", none of Off, Full",
                "{\"cpus\":[0,true]} | cpus[1] is a boolean, a whole number is needed",
                "{\"size\":-5} | size is -5, a size is not negative",
                "[] | is a list, an object is needed"
            })
    void whatIsWrongInJsonIsOneLine(String json, String line) {
        assertThatThrownBy(() -> Sample.TABLE.read(JsonReader.read(json)))
                .isInstanceOf(OptionException.class)
                .hasMessage(line);
    }

    @Test
    void describesItself() {
        assertThat(Sample.TABLE.syntax())
                .isEqualTo("path=<path>,readonly=on|off,queues=<1-64>,size=<size>,mode=off|full,cpus=[<0-255>,...]");
        assertThat(Sample.TABLE.help())
                .contains("size=<size>  bytes (512M)", "path=<path>  the file", "mode=off|full  how (off)");
        assertThat(Sample.TABLE.schema().get("properties").toString())
                .contains("\"num_queues\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":64,\"default\":1,"
                        + "\"description\":\"number of queues\"}");
    }

    @Test
    void schemasAreGatheredWithThoseThatTheyReferTo() {
        Option<String, String> id = Option.of("id", OptionTypes.text("name"), "", text -> text, "its name");
        OptionTable<String> inner = OptionTable.of("Inner", v -> v.get(id), id).required("id");
        Option<String, List<String>> list = Option.of(
                "list", OptionTypes.list(OptionTypes.laterRecord(() -> inner)), List.of(), List::of, "some of them");
        Option<String, Optional<String>> one = Option.of(
                "one", OptionTypes.optional(OptionTypes.record(inner)), Optional.empty(), Optional::of, "one of them");
        Map<String, Json> schemas = new LinkedHashMap<>();
        OptionTable.of("Outer", v -> "", list, one).schemas(schemas);
        assertThat(schemas.toString())
                .isEqualTo("{Outer={\"type\":\"object\",\"properties\":{\"list\":{\"type\":\"array\",\"items\":"
                        + "{\"$ref\":\"#/components/schemas/Inner\"},\"description\":\"some of them\"},"
                        + "\"one\":{\"$ref\":\"#/components/schemas/Inner\"}}},"
                        + " Inner={\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":"
                        + "{\"type\":\"string\",\"description\":\"its name\"}}}}");
    }

    @Test
    void numbersMayNeedMoreThanAnInt() {
        OptionType<Long> type = OptionTypes.number(3, 4294967295L);
        assertThat(type.read(new Json.Num(4294967295L))).isEqualTo(4294967295L);
        assertThat(type.parse("4294967295")).isEqualTo(4294967295L);
        assertThat(type.write(3L).toString()).isEqualTo("3");
        assertThat(type.syntax()).isEqualTo("<3-4294967295>");
        assertThatThrownBy(() -> type.read(new Json.Num(4294967296L)))
                .hasMessage("is 4294967296, 3 to 4294967295 are possible");
        assertThatThrownBy(() -> type.parse("2")).hasMessage("is 2, 3 to 4294967295 are possible");
    }

    @Test
    void sizesAreWrittenShort() {
        assertThat(FlagSyntax.size(512L << 20)).isEqualTo("512M");
        assertThat(FlagSyntax.size(3L << 40)).isEqualTo("3T");
        assertThat(FlagSyntax.size(1000)).isEqualTo("1000");
        assertThat(FlagSyntax.size(0)).isEqualTo("0");
    }
}
