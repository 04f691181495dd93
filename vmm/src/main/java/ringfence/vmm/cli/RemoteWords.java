package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.process.BadInputException;

/** What follows a command of a client of the API, and what is sent of it. */
sealed interface RemoteWords {
    /**
     * What is sent.
     *
     * @param json empty: no body
     * @param fds numbers of descriptors of this process that go along
     */
    record Body(String json, List<Integer> fds) {
        private Body(Json.Obj json) {
            this(json.toString(), List.of());
        }
    }

    /**
     * Takes its words from the front of these.
     *
     * @throws OptionException if they are wrong; the caller puts the command's name before it
     * @throws BadInputException if a file cannot be read
     */
    Body take(Deque<String> words);

    /** What may be written; empty: nothing. */
    default String syntax() {
        return "";
    }

    /** A line per key or option, for a person. */
    default List<String> help() {
        return List.of();
    }

    private static String next(Deque<String> words, String syntax) {
        if (words.isEmpty()) {
            throw new OptionException("lacks its " + syntax + ": write it behind it");
        }
        return words.pop();
    }

    /** Nothing. */
    record Nothing() implements RemoteWords {
        @Override
        public Body take(Deque<String> words) {
            return new Body("", List.of());
        }
    }

    /** One word, the value of the body's only member. */
    record Member(String name, String syntax) implements RemoteWords {
        @Override
        public Body take(Deque<String> words) {
            return new Body(Json.object(name, next(words, syntax)));
        }
    }

    /** The name of a file with the body in it; {@code -} is standard input. */
    record JsonFile() implements RemoteWords {
        /** Standard input's name. */
        static final String STANDARD_INPUT = "-";

        @Override
        public Body take(Deque<String> words) {
            if (words.isEmpty()) {
                throw new OptionException(
                        "lacks the file of JSON: name it, or give " + STANDARD_INPUT + " for standard input");
            }
            String file = words.pop();
            try {
                String text = file.equals(STANDARD_INPUT)
                        ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                        : Files.readString(Path.of(file));
                return new Body(text, List.of());
            } catch (IOException e) {
                throw new BadInputException(file + ": cannot be read: check the path (" + e.getMessage() + ")", e);
            }
        }

        @Override
        public String syntax() {
            return "<file>";
        }
    }

    /**
     * A flag's value, as the command line of a VM has it.
     *
     * @param fds the descriptors that it names: they go along, and their numbers, which mean something in this process
     *     only, do not
     */
    record Options<R>(OptionTable<R> table, Function<R, List<Integer>> fds) implements RemoteWords {
        Options(OptionTable<R> table) {
            this(table, _ -> List.of());
        }

        @Override
        public Body take(Deque<String> words) {
            R record = table.parse(next(words, syntax()));
            Map<String, Json> members = new LinkedHashMap<>(table.write(record).members());
            members.remove("fds");
            return new Body(new Json.Obj(members).toString(), fds.apply(record));
        }

        @Override
        public String syntax() {
            return "<options>";
        }

        @Override
        public List<String> help() {
            return table.help();
        }
    }

    /**
     * Options of its own, {@code --NAME VALUE}.
     *
     * @param needed whether none may be left out
     */
    record Flags(boolean needed, List<RemoteOption> options) implements RemoteWords {
        @Override
        public Body take(Deque<String> words) {
            Map<String, Json> members = new LinkedHashMap<>();
            while (!words.isEmpty()) {
                String word = words.pop();
                int equals = word.indexOf('=');
                RemoteOption option = find(equals < 0 ? word : word.substring(0, equals));
                try {
                    String text = equals < 0 ? next(words, "value") : word.substring(equals + 1);
                    if (members.put(option.field(), option.value(text)) != null) {
                        throw new OptionException("is given twice: leave one out");
                    }
                } catch (OptionException e) {
                    throw e.within(option.flag());
                }
            }
            for (RemoteOption option : options) {
                if (needed && !members.containsKey(option.field())) {
                    throw new OptionException("lacks " + option.flag() + ": write it and its value behind it");
                }
            }
            return new Body(new Json.Obj(members));
        }

        private RemoteOption find(String flag) {
            for (RemoteOption option : options) {
                if (option.flag().equals(flag)) {
                    return option;
                }
            }
            throw new OptionException(flag + ": is not known: "
                    + String.join(", ", options.stream().map(RemoteOption::flag).toList()) + " are possible");
        }

        @Override
        public String syntax() {
            String between = needed ? " <value> " : " <value>] [";
            String all = String.join(
                            between, options.stream().map(RemoteOption::flag).toList()) + " <value>";
            return needed ? all : "[" + all + "]";
        }
    }
}
