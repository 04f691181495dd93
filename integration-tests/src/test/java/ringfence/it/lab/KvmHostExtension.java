package ringfence.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Gives tests their {@link KvmHost}. Hosts live in the root store, one per kernel of L1, and are closed at the end of the run;
 * those with another number of processors at the end of their class. A test that fails where the emulator has lost L1, or a
 * program in it ({@link Loss}), is run again on a new L1; that is printed, put into the test report and written to
 * {@code target/lab/died.txt}.
 */
public final class KvmHostExtension implements ParameterResolver, InvocationInterceptor {
    /** How often more: what fails a third time is no accident. */
    private static final int TRIES = 2;

    private static final Namespace HOSTS = Namespace.create(KvmHostExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == KvmHost.class;
    }

    @Override
    public KvmHost resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return slot(context).host();
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        intercept(invocation, method, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        intercept(invocation, method, context);
    }

    private static void intercept(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        try {
            invocation.proceed();
        } catch (Throwable failure) {
            onceMore(failure, method, context, TRIES);
        } finally {
            slot(context).forgetEnded();
        }
    }

    private static void onceMore(
            Throwable failure, ReflectiveInvocationContext<Method> method, ExtensionContext context, int tries)
            throws Throwable {
        Slot slot = slot(context);
        String loss = slot.loss(failure).orElseThrow(() -> failure);
        if (tries == 0) {
            throw failure;
        }
        report(loss, failure, context);
        slot.renew();
        Object[] arguments = method.getArguments().toArray();
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof KvmHost) {
                arguments[i] = slot.host();
            }
        }
        try {
            again(method, arguments);
        } catch (Throwable next) {
            onceMore(next, method, context, tries - 1);
        }
    }

    private static void again(ReflectiveInvocationContext<Method> method, Object[] arguments) throws Throwable {
        try {
            method.getExecutable().setAccessible(true);
            method.getExecutable().invoke(method.getTarget().orElse(null), arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static void report(String loss, Throwable failure, ExtensionContext context) {
        String line = loss + " under " + context.getUniqueId() + "; had once more";
        System.err.println(line);
        context.publishReportEntry("lab", line);
        try {
            Path file = Files.createDirectories(Checkout.find().output()).resolve("died.txt");
            Files.writeString(
                    file,
                    line + "\n" + failure.getMessage() + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Slot slot(ExtensionContext context) {
        OnKvmHost wanted = annotation(context);
        String kind = KvmHosts.isLocal() ? "local" : wanted.kernel() + " on " + wanted.cpus();
        // an idle L1 holds its memory, and a little of a processor: only the one that nearly all tests use is kept
        ExtensionContext user = wanted.cpus() == OnKvmHost.CPUS
                ? context.getRoot()
                : context.getParent().orElseThrow();
        return user.getStore(HOSTS)
                .getOrComputeIfAbsent(kind, key -> new Slot(wanted.kernel(), wanted.cpus()), Slot.class);
    }

    private static OnKvmHost annotation(ExtensionContext context) {
        return context.getTestMethod()
                .map(method -> method.getAnnotation(OnKvmHost.class))
                .orElseGet(() -> context.getRequiredTestClass().getAnnotation(OnKvmHost.class));
    }

    /** One host, made when first asked for. Closed by the root store. */
    private static final class Slot implements AutoCloseable {
        private final String kernel;
        private final int cpus;
        private KvmHost host;

        Slot(String kernel, int cpus) {
            this.kernel = kernel;
            this.cpus = cpus;
        }

        synchronized KvmHost host() {
            if (host == null) {
                host = KvmHosts.open(Checkout.find(), kernel, cpus);
            }
            return host;
        }

        /** What the emulator has lost, if this failure comes from such a thing. */
        synchronized Optional<String> loss(Throwable failure) {
            if (host == null || KvmHosts.isLocal()) {
                return Optional.empty();
            }
            if (failure instanceof HostDiedException death) {
                return Optional.of("L1 died of " + death.howTheEmulatorLostIt());
            }
            Optional<String> ofAProgram = host.programs().stream()
                    .flatMap(program -> Stream.of(program.out(), program.err()))
                    .flatMap(said -> Loss.in(said.text()).stream())
                    .map(Loss::account)
                    .findFirst();
            return ofAProgram.or(() -> answers()
                    ? Optional.empty()
                    : Optional.of("L1 stood still, as by an interrupt that the emulator has lost"));
        }

        private boolean answers() {
            try {
                return host.run("true").status() == 0;
            } catch (LabException _) {
                return false;
            }
        }

        synchronized void forgetEnded() {
            if (host != null) {
                host.forgetEnded();
            }
        }

        /** The next one is a new host. */
        synchronized void renew() {
            close();
        }

        @Override
        public synchronized void close() {
            if (host != null) {
                host.close();
                host = null;
            }
        }
    }
}
