/**
 * What runs beside the programs of a test, in L1 or in a thread here, and the frames it speaks.
 *
 * <p>The agent reads {@link ringfence.it.lab.agent.Frame.Order orders} and writes
 * {@link ringfence.it.lab.agent.Frame.Report reports}. A program is named by a number that the other side chose. The
 * agent holds no state beside its running programs, and ends them all when its input ends. It needs nothing but
 * java.base.
 */
package ringfence.it.lab.agent;
