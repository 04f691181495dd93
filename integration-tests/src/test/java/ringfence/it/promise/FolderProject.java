package ringfence.it.promise;

/** A project that is cloned and built in a shared folder, for {@link FolderTools#among}. */
final class FolderProject {
    /** Runs the words that follow the script's name: {@code cloned}, {@code made}. Status 0 if all is as it has to be. */
    static final String SCRIPT = """
        cloned() {
            cd /mnt || return 1
            rm -rf clone || return 1
            [ -e tree.git ] || cp -r /src/tree.git tree.git || return 1
            git clone -q --template= tree.git clone || return 1
            cd clone || return 1
            [ -z "$(git status --porcelain)" ] || return 1
            git fsck --no-progress
        }
        made() {
            cd /mnt/clone || return 1
            git clean -fdxq || return 1
            make -j2 CFLAGS='-O0 -w' >/tmp/make 2>&1 || { cat /tmp/make; return 1; }
            make -q CFLAGS='-O0 -w' || { echo 'not up to date'; return 1; }
            ./tree --version || return 1
            git diff --quiet || { git status; return 1; }
            [ "$(./tree -i --noreport -a -P '*.[ch]' . | grep -c '[.][ch]$')" = "$(git ls-files | grep -c '[.][ch]$')" ]
        }
        for what; do $what || exit 1; done
        """;

    private FolderProject() {}
}
