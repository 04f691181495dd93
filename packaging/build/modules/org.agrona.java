/**
 * Agrona ships without a descriptor, and jlink takes no automatic module: the build compiles this one into its copy of
 * the jar. Code generation (java.compiler) and thread dumps (java.management) are not used here.
 */
module org.agrona {
    requires static java.compiler;
    requires static java.management;

    exports org.agrona;
    exports org.agrona.checksum;
    exports org.agrona.collections;
    exports org.agrona.concurrent;
    exports org.agrona.concurrent.broadcast;
    exports org.agrona.concurrent.errors;
    exports org.agrona.concurrent.ringbuffer;
    exports org.agrona.concurrent.status;
    exports org.agrona.hints;
    exports org.agrona.io;
    exports org.agrona.nio;
}
