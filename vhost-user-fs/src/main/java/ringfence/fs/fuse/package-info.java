/**
 * FUSE as a guest's kernel speaks it over virtio: opcodes, layouts, requests decoded, replies laid out. No I/O.
 *
 * <h2>Theory of operation</h2>
 * A chain's device-readable part is {@code struct fuse_in_header}, the opcode's structure, names or data; its
 * device-writable part takes {@code struct fuse_out_header} and what the opcode answers with. A
 * {@link ringfence.fs.fuse.FuseRequest} copies the readable part once into memory of its own (of a WRITE, the first 80
 * bytes: data goes straight from guest pages to the file), checks header, length, opcode and the opcode's least size, and
 * from then on the guest can change nothing of it. A {@link ringfence.fs.fuse.FuseReply} is laid out in memory of its own and
 * copied to the guest in one piece.
 *
 * <p>The protocol is that of include/uapi/linux/fuse.h, major 7, minors 31 to 41. Where minors differ in a structure, the
 * feature bits of INIT say which one is meant.
 *
 * <p>Each object belongs to one queue's worker and is reused; nothing allocates per request.
 */
package ringfence.fs.fuse;
