package ringfence.it.promise;

import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;

/** The process that serves a guest's one disk: a child of its VMM. */
final class Daemons {
    private Daemons() {}

    /** Its process id, once there is one other than {@code last}; fails after some 30 s without. */
    static String await(KvmHost host, Guest guest, String last) {
        return host.script(
                        "n=0; while [ $n -lt 60 ]; do for p in /proc/[0-9]*; do [ ${p#/proc/} != \"$2\" ] && grep -q"
                                + " \"^PPid:[[:space:]]*$1$\" $p/status 2>/dev/null && grep -q ^vhost-user- $p/comm"
                                + " && echo ${p#/proc/} && exit 0; done;"
                                + " n=$((n + 1)); usleep 500000; done; exit 1",
                        Long.toString(guest.vmm().pid()),
                        last)
                .text();
    }
}
