package ringfence.fs.cli;

import picocli.CommandLine.IVersionProvider;
import ringfence.process.Version;

/** What {@code --version} prints. */
final class FsVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"vhost-user-fs " + Version.NUMBER};
    }
}
