package ringfence.it.promise;

/**
 * What a guest does in its shared folder until there is {@code /tmp/stop}, and from then on until a round of work is whole: what
 * it has done is in {@code /tmp/done} then. What goes wrong is a line of {@code /tmp/wrong}. Each has a file open whose name is
 * gone, and writes and reads it.
 */
enum FolderLoad {
    /**
     * fsx on a file, while the guest drops its caches now and then, and on one without a name. Beside it files come, are
     * renamed, linked and read back, folders come and go, descriptor 3 appends to a file, 4 to one whose name is gone.
     */
    WRITES("""
        fsx="/run/bin/fsx --until=/tmp/stop --operations=1000000000 --seed=$seed"
        mkdir -p /mnt/$half/names && cd /mnt/$half || wrong mkdir
        $fsx --drop fsx >/tmp/fsx 2>&1 || wrong "$(cat /tmp/fsx)" &
        $fsx --unlinked unlinked >/tmp/unlinked 2>&1 || wrong "$(cat /tmp/unlinked)" &
        cd names
        exec 3>>../log 4<>gone
        rm gone || wrong rm gone
        until [ -e /tmp/stop ]; do
            i=$((i + 1))
            dd if=/dev/urandom of=new bs=8k count=4 2>/dev/null || wrong dd
            sum=$(md5sum <new)
            mv new file.$i || wrong mv
            mkdir folder.$i || wrong mkdir
            ln file.$i folder.$i/hard || wrong ln
            ln -s ../file.$i folder.$i/soft || wrong ln -s
            [ "$(md5sum <folder.$i/soft)" = "$sum" ] || wrong soft
            [ "$(md5sum <folder.$i/hard)" = "$sum" ] || wrong hard
            [ "$(ls folder.$i | wc -l)" = 2 ] || wrong ls
            rm folder.$i/hard folder.$i/soft || wrong rm
            rmdir folder.$i || wrong rmdir
            (set -C; : >lock) || wrong O_EXCL
            rm lock || wrong rm lock
            echo $i >&3 || wrong append
            echo $i >&4 || wrong gone
        done
        seq $i >/tmp/expected
        cmp /tmp/expected ../log || wrong log
        cmp /tmp/expected /proc/self/fd/4 || wrong content of gone
        ls | grep -v '^file\\.[0-9]*$' && wrong left
        [ "$(ls | wc -l)" = $i ] || wrong number
        """),
    /** A project is cloned, again and again, and in the second half made. Descriptor 4 appends to a file whose name is gone. */
    PROJECT("cat >/tmp/project <<'END'\n" + FolderProject.SCRIPT + "END\n" + """
            (
                exec 4<>/mnt/gone
                rm /mnt/gone || wrong rm gone
                n=0
                until [ -e /tmp/stop ]; do
                    n=$((n + 1))
                    echo $n >&4 || wrong gone
                    seq $n >/tmp/expected
                    cmp /tmp/expected /proc/self/fd/4 || wrong content of gone
                    sleep 1
                done
            ) &
            [ $half = 1 ] && what=cloned || what=made
            until [ -e /tmp/stop ]; do
                i=$((i + 1))
            """ + FolderTools.among("project $what")
            + " >/tmp/output 2>&1 || wrong project \"$(cat /tmp/output)\"\n" + """
            done
            """);

    private static final String BEGIN = "wrong() { echo \"$i: $*\" >>/tmp/wrong; }\ni=0\n";
    private static final String END = """
        wait
        cd /
        exec 3>&- 4>&-
        { echo $i rounds; sed 's/:.*/ of fsx/' /tmp/fsx /tmp/unlinked 2>/dev/null; } >/tmp/report
        mv /tmp/report /tmp/done
        """;

    private final String work;

    FolderLoad(String work) {
        this.work = work;
    }

    /** Runs it in the background of a guest that has {@link FolderTools}. @param half 1, or 2 after that */
    String start(int half, long seed) {
        return "rm -f /tmp/stop /tmp/done; cat >/tmp/work <<'WORK'\nhalf=" + half + " seed=" + seed + "\n" + BEGIN
                + work + END + "WORK\nsh /tmp/work >/tmp/out 2>&1 &";
    }
}
