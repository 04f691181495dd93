package ringfence.it.style;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a compiled class refers to.
 *
 * @param name binary name with dots
 * @param types every class that its constant pool names, in calls, fields, signatures or descriptors; with dots
 * @param members every method and field that it uses, {@code type.name}
 */
record Classes(String name, Set<String> types, Set<String> members) {
    private static final Pattern IN_DESCRIPTOR = Pattern.compile("L([a-zA-Z0-9_$/]+)[;<]");

    static Classes read(Path file) {
        ClassModel model;
        try {
            model = ClassFile.of().parse(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Set<String> types = new TreeSet<>();
        Set<String> members = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type -> addAll(types, type.asInternalName());
                case MemberRefEntry member ->
                    members.add(dots(member.owner().asInternalName()) + "."
                            + member.name().stringValue());
                case Utf8Entry text when text.stringValue().contains(";") -> addAll(types, text.stringValue());
                default -> {}
            }
        }
        return new Classes(dots(model.thisClass().asInternalName()), types, members);
    }

    String packageName() {
        return packageOf(name);
    }

    static String packageOf(String type) {
        int dot = type.lastIndexOf('.');
        return dot < 0 ? "" : type.substring(0, dot);
    }

    private static void addAll(Set<String> types, String text) {
        if (text.indexOf(';') < 0) {
            types.add(dots(text));
            return;
        }
        Matcher found = IN_DESCRIPTOR.matcher(text);
        while (found.find()) {
            types.add(dots(found.group(1)));
        }
    }

    private static String dots(String internal) {
        return internal.replace('/', '.');
    }
}
