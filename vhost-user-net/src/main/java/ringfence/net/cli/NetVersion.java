package ringfence.net.cli;

import picocli.CommandLine.IVersionProvider;
import ringfence.process.Version;

/** What {@code --version} prints. */
final class NetVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"vhost-user-net " + Version.NUMBER};
    }
}
