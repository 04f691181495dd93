package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

/** What may be said of daemons that hang, and of those that wait. */
class UpkeepTest {
    @Test
    void oneThatHangsIsReplacedAndNoneWaitsUnlessThatIsSaid() {
        Upkeep upkeep = DiskConfig.TABLE.parse("path=/d").upkeep();
        assertThat(upkeep.replacesSilent()).isTrue();
        assertThat(upkeep.replacesStuck()).as("its disk may be slow").isFalse();
        assertThat(upkeep.keepsStandby()).isFalse();
        for (Upkeep said : new Upkeep[] {
            DiskConfig.TABLE.parse("path=/d,on_hang=report,standby=on").upkeep(),
            NetConfig.TABLE.parse("tap=t,on_hang=report,standby=on").upkeep(),
            FsConfig.TABLE.parse("tag=x,path=/f,on_hang=report,standby=on").upkeep()
        }) {
            assertThat(said.replacesSilent()).isFalse();
            assertThat(said.keepsStandby()).isTrue();
        }
    }

    /** Cloud Hypervisor's clients do not know of it: where nothing was said, nothing is told. */
    @Test
    void jsonHasWhatWasSaidAndNothingElse() {
        assertThat(DiskConfig.TABLE.write(DiskConfig.TABLE.parse("path=/d")).toString())
                .doesNotContain("on_hang", "standby");
        DiskConfig said = DiskConfig.TABLE.parse("path=/d,on_hang=replace,standby=off");
        String json = DiskConfig.TABLE.write(said).toString();
        assertThat(said.upkeep().replacesStuck()).isTrue();
        assertThat(json).contains("\"on_hang\":\"Replace\"", "\"standby\":false");
        assertThat(DiskConfig.TABLE.read(JsonReader.read(json))).isEqualTo(said);
    }

    @Test
    void aDaemonOfOthersIsOnlyToldOf() {
        assertThat(DiskConfig.TABLE
                        .parse("vhost_user=on,socket=/s,on_hang=report,standby=off")
                        .upkeep()
                        .keepsStandby())
                .isFalse();
        assertThatThrownBy(() -> DiskConfig.TABLE.parse("vhost_user=on,socket=/s,on_hang=replace"))
                .isInstanceOf(OptionException.class)
                .hasMessage(
                        "on_hang: the VMM ends no process that it has not started for this device: leave it out, or say"
                                + " report");
        assertThatThrownBy(() -> FsConfig.TABLE.parse("tag=x,socket=/s,standby=on"))
                .isInstanceOf(OptionException.class)
                .hasMessage(
                        "standby: only for a daemon that the VMM starts for this device: leave it out, its starter may"
                                + " keep one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vhost_user=on,socket=/s,", "switch=lan,"})
    void aNetworkThatIsNotThisDevicesAloneHasNoStandby(String net) {
        assertThatThrownBy(() -> NetConfig.TABLE.parse(net + "standby=on")).hasMessageStartingWith("standby: only for");
    }
}
