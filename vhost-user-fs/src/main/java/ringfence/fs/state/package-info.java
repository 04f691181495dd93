/**
 * What must survive the daemon: the session that FUSE_INIT has settled, the nodes and handles that the guest knows, its locks,
 * and the log of requests. All of it lies in one memfd, which a supervisor keeps ({@link ringfence.keep}), and so it is
 * there when the daemon is not.
 *
 * <p><b>The file.</b> Areas of slots of a fixed size ({@link ringfence.fs.state.StateLayout}), all in words of 8 bytes. The
 * file is sparse: what was never used takes no memory. A slot is in use if the session in it is the file's, so a new session
 * voids all slots and the log by one word. Ids hold a generation, which grows each time a slot is taken: a guest that uses
 * an old id, or invents one, is found out.
 *
 * <p><b>Transactions.</b> The daemon may be killed between any two stores, and the stores made so far are seen by the
 * successor in the order of the program: nothing else can go wrong, since the memory is not the process's. A change of more
 * than one word goes through the {@link ringfence.fs.state.UndoLog}: what a word was is noted in the file before it is
 * changed, and one store, the number of notes back to 0, makes the change happen. A successor that finds notes takes the
 * change back.
 *
 * <pre>
 *   begin          addNode, open, forget, ..., done           commit
 *   take lock ---> slot filled; notes; words changed --------> count = 0 ---> observer told, slots free, lock back
 *                        |  killed here: taken back by adopt      | killed here: it has happened
 *                        '- close(): taken back at once
 * </pre>
 *
 * <p>What lies in a slot that is not in use is filled without notes; only the word that takes it into use is noted. So a
 * look-up notes five words, not sixty. A slot that a transaction frees is given away no earlier than after its commit.
 *
 * <p><b>Exactly once.</b> What a request changes here and its reply are one transaction ({@link
 * ringfence.fs.state.Transaction#done}). A successor asks the {@link ringfence.fs.state.RequestLog} for each request that was
 * in flight: DONE is answered again, not done again; NEW is done. A request with an effect outside, such as mkdir, is
 * noted as intended before, with what was there then; the successor finds it BEGUN and decides from these facts.
 *
 * <p><b>On the heap</b>, made anew by {@link ringfence.fs.state.FsState#adopt}: which slots are free ({@link
 * ringfence.fs.state.SlotSet}), and the index from (device, inode) to the node ({@link ringfence.fs.state.NodeIndex}).
 *
 * <p><b>Threads.</b> One lock, held from begin to commit, for some microseconds and over no system call. Readers of a
 * slot in use need none. Nothing on a request's path allocates.
 *
 * <p><b>Trust.</b> The guest reaches this only through ids and counts, which are checked. A file that is handed in is hostile
 * until {@link ringfence.fs.state.Adoption} has been over it: a header that cannot be refuses it, a slot that cannot be is
 * dropped and counted. A saved state passes the same check in a file of its own before it takes the place of what is here.
 */
package ringfence.fs.state;
