/**
 * What is open on the host for the guest: a descriptor for each node that it knows and each handle that it holds.
 *
 * <h2>Theory of operation</h2>
 * The tables of {@code fs.state} say what the guest knows; here is what this process has open for it, by the same slots. An
 * {@link ringfence.fs.tree.OpenFile} counts its users: the table is one, each request that works on it another. Who takes the
 * last one away closes it, so a FORGET in one queue cannot close what a GETATTR in another one looks at.
 *
 * <p>Nodes are opened as O_PATH and O_NOFOLLOW below a directory that is open already, by one component, with
 * RESOLVE_BENEATH, NO_MAGICLINKS and NO_SYMLINKS: nothing outside the root can be reached, whatever other users of the tree do
 * meanwhile. Only regular files and directories are opened in earnest, through the magic link of a descriptor that has been
 * checked to be one, in /proc/self/fd, which is opened at start.
 *
 * <p>With {@link ringfence.fs.tree.FileHandles}, a node's descriptor may be closed while the guest knows it, since its slot
 * holds the handle that opens it again:
 *
 * <pre>
 *   empty ---- found below the root ----&gt; open, in NodeCache ---- not used for a round ----&gt; evicted
 *     ^  \                                  |  ^  \                                            |
 *     |   '- of a predecessor: by its name, |  |   '- its last name goes: pinned, stays open    |
 *     |      or by its handle if it is      |  '------------- used: opened by its handle -------'
 *     |      below the root                 |
 *     '------------- forgotten -------------'
 * </pre>
 *
 * <p>"Evicted" is a mark in the table: it says that this process has found the file below the root itself. A handle that came
 * with a predecessor's state, which somebody else may have written, opens nothing that is not there.
 *
 * <p>A lock of the host belongs to an open file: each owner that the guest names has one of its own for each file and kind of
 * lock ({@link ringfence.fs.tree.LockFiles}), and closing it ends them.
 *
 * <p>Descriptors are counted ({@link ringfence.fs.tree.DescriptorBudget}): at the bound the guest gets ENFILE.
 */
package ringfence.fs.tree;
