package ringfence.linux;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;

/** execve(2): this process becomes another program under its number, bound as the thread is that calls. */
final class Execve implements Start {
    private final Kernel kernel;
    private final Arena arena = Arena.ofShared();
    private final long program;
    private final long arguments;
    private final long environment;

    Execve(Kernel kernel, List<String> arguments, Map<String, String> environment) {
        this.kernel = kernel;
        program = CString.in(arena, arguments.getFirst()).address();
        this.arguments = CString.array(arena, arguments).address();
        this.environment = CString.environment(arena, environment).address();
    }

    /** Comes back only with an error. */
    @Override
    public long start() {
        return kernel.call(Syscall.EXECVE, program, arguments, environment, 0, 0, 0);
    }

    @Override
    public void close() {
        arena.close();
    }
}
