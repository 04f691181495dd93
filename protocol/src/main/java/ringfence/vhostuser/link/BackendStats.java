package ringfence.vhostuser.link;

import java.util.List;

/**
 * What a {@link Backend} has done so far.
 *
 * @param connections front-ends that came
 * @param messages requests answered or obeyed
 * @param drops connections that ended for a reason other than that the front-end left
 * @param lastDrop the reason of the last of those; empty if there was none
 * @param queues by index
 */
public record BackendStats(long connections, long messages, long drops, String lastDrop, List<QueueStats> queues) {}
