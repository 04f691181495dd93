package ringfence.blk.cli;

import picocli.CommandLine.IVersionProvider;
import ringfence.process.Version;

/** What {@code --version} prints. */
final class BlkVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"vhost-user-blk " + Version.NUMBER};
    }
}
