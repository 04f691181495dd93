package ringfence.journal.cli;

import picocli.CommandLine.IVersionProvider;
import ringfence.process.Version;

/** What {@code --version} prints. */
final class JournalVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"ringfence-journal " + Version.NUMBER};
    }
}
