package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.lang.foreign.ValueLayout;

/** Two queues on which files are made at the same time, each time by other users. */
final class TwoUsers {
    private static final int[] USERS = {0, 1000, 0, 0, 2000, 1000, 65534};

    private TwoUsers() {}

    /** @param guest of two queues of requests, whose session has begun */
    static void make(FuseGuest guest, int rounds) {
        FuseRequest request = new FuseRequest(guest.ram());
        for (int round = 0; round < rounds; round++) {
            for (int queue = 1; queue <= 2; queue++) {
                int user = user(round, queue);
                request.begin(guest.request(queue, 0), Opcode.MKNOD, 4L * round + 1000 + 2L * queue, ROOT, user, user)
                        .u32(0100644)
                        .u32(0)
                        .u32(0)
                        .u32(0)
                        .name("file" + queue + "-" + round)
                        .end(0);
                guest.offer(queue, 0, request.length(), 0, Entry.SIZE, 0, true);
            }
            guest.publish(1);
            guest.publish(2);
            for (int queue = 1; queue <= 2; queue++) {
                guest.take(queue);
                long reply = guest.reply(queue, 0);
                assertThat(guest.ram().get(ValueLayout.JAVA_INT, reply + 4)).isZero();
                Attr attr = Entry.at(new FuseReply(guest.ram().asSlice(reply + FuseGuest.OUT_HEADER, Entry.SIZE)), 0)
                        .attr();
                assertThat(attr.uid()).as("round " + round).isEqualTo(user(round, queue));
                assertThat(attr.gid()).isEqualTo(user(round, queue));
            }
        }
    }

    private static int user(int round, int queue) {
        return USERS[(round * queue) % USERS.length];
    }
}
