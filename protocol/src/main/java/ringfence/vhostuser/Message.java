package ringfence.vhostuser;

/** Any message of the protocol. */
public sealed interface Message permits Request, BackendRequest, Reply {}
