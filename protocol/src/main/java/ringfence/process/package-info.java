/**
 * What every program shares: exit codes, errors of one line, the end by a signal, and logs.
 *
 * <h2>Errors</h2>
 * {@link ringfence.process.Program#run} is the only place that turns an exception into an exit code. Bad input (a
 * {@link ringfence.process.BadInputException} or an {@link ringfence.option.OptionException}) is one line on standard
 * error and code 2; a failure that has a name, such as a system call's, is one line and code 1; anything else is a bug,
 * and shows its trace.
 *
 * <h2>Logs</h2>
 * {@link ringfence.process.Log} is a front. Records wait in a bounded buffer ({@link ringfence.process.Logs}) until the
 * program says that it has time ({@code open()}, after the first KVM_RUN); the first record after that loads Log4j,
 * through its API, on a thread of its own. A program that has nothing to say never loads it.
 *
 * <p>In a unit of systemd's, where standard error goes to the journal, records go there with their priority and fields
 * ({@link ringfence.process.SystemdJournal}), and so do the lines of daemons, which have no log of their own.
 */
package ringfence.process;
