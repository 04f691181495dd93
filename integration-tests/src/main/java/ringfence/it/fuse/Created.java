package ringfence.it.fuse;

/** Reply of CREATE. */
public record Created(Entry entry, Opened opened) {}
