package ringfence.it.lab;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** A program at the other end of a console, for a host without socat: what it reads it types, what it receives it prints. */
public final class ConsoleTalk {
    private ConsoleTalk() {}

    /** How to start it there. */
    public static Command command(KvmHost host, String path) {
        return host.java(ConsoleTalk.class, path);
    }

    /** Argument: the terminal, or the socket. */
    public static void main(String[] arguments) throws IOException {
        String path = arguments[0];
        if (path.startsWith("/dev/")) { // not as one channel, which would not write while it waits to read
            talk(new FileInputStream(path), new FileOutputStream(path));
        } else {
            SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
            talk(Channels.newInputStream(channel), Channels.newOutputStream(channel));
        }
    }

    private static void talk(InputStream printed, OutputStream typed) {
        Thread.ofPlatform().daemon().start(() -> copy(System.in, typed));
        copy(printed, System.out);
    }

    private static void copy(InputStream from, OutputStream to) {
        byte[] bytes = new byte[4096];
        try {
            for (int length = from.read(bytes); length > 0; length = from.read(bytes)) {
                to.write(bytes, 0, length);
                to.flush();
            }
        } catch (IOException e) {
            System.err.println(e);
        }
    }
}
