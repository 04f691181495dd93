package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.option.Json;
import ringfence.option.JsonReader;

/** The document that the API serves of itself says what the API does, neither more nor less. */
class ApiDocumentTest {
    @TempDir
    Path folder;

    private TestServer server;
    private DocumentSchemas document;

    @BeforeEach
    void ask() throws Exception {
        server = TestServer.start(folder, ApiLimits.of(1024));
        String answer = server.ask("GET", "openapi.json", "");
        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("Content-Type: application/json");
        document = new DocumentSchemas(answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    @AfterEach
    void end() {
        server.close();
    }

    private Map<String, Json.Obj> operations() {
        Map<String, Json.Obj> operations = new HashMap<>();
        ((Json.Obj) document.at("paths"))
                .members()
                .forEach((path, methods) -> ((Json.Obj) methods)
                        .members()
                        .forEach((method, operation) ->
                                operations.put(method.toUpperCase(Locale.ROOT) + " " + path, (Json.Obj) operation)));
        return operations;
    }

    private static Json body(Json.Obj operation) {
        return operation.get("requestBody") instanceof Json.Obj body ? schemaOf(body) : null;
    }

    private static Json schemaOf(Json.Obj content) {
        return ((Json.Obj) ((Json.Obj) content.get("content")).get("application/json")).get("schema");
    }

    private HttpResponse send(String operation, String body) {
        String[] words = operation.split(" ", 2);
        return server.endpoints
                .answer(new HttpRequest(
                        words[0], "/api/v1" + words[1], body.getBytes(StandardCharsets.UTF_8), true, List.of()))
                .join();
    }

    @Test
    void everyEndpointIsInItAndTheReverse() {
        Set<String> served = new TreeSet<>();
        server.endpoints.methods().forEach((name, method) -> served.add(method + " /" + name));
        assertThat(new TreeSet<>(operations().keySet())).isEqualTo(served);
        assertThat(document.at("openapi")).isEqualTo(new Json.Str("3.0.3"));
        assertThat(document.at("info", "version")).isEqualTo(new Json.Str("v0"));
    }

    @Test
    void whatItRefersToIsThereAndNothingElse() {
        Set<String> referred = new TreeSet<>();
        Matcher matcher = Pattern.compile("#/components/([a-z]+/[A-Za-z]+)").matcher(document.document.toString());
        while (matcher.find()) {
            referred.add(matcher.group(1));
        }
        Set<String> there = new TreeSet<>();
        for (String kind : List.of("schemas", "responses")) {
            ((Json.Obj) document.at("components", kind))
                    .members()
                    .keySet()
                    .forEach(name -> there.add(kind + "/" + name));
        }
        assertThat(there).isEqualTo(referred);
    }

    /** What the readers do with a value of each member is what its schema says of that value. */
    @Test
    void bodiesAreReadAsItSays() {
        Set<String> seen = new TreeSet<>();
        operations().forEach((operation, description) -> {
            Json body = body(description);
            if (body != null) {
                document.members(body, (member, schema) -> {
                    seen.add(operation + " " + member.path());
                    check(operation, member);
                });
            }
        });
        assertThat(seen)
                .hasSizeGreaterThan(150)
                .contains(
                        "PUT /vm.create net[0].num_queues",
                        "PUT /vm.create cpus.topology.packages",
                        "PUT /vm.create disks[0].queue_affinity[0].host_cpus",
                        "PUT /vm.add-net rate_limiter_config.ops.size",
                        "PUT /vm.restore zone_updates[0].host_numa_node",
                        "PUT /vm.remove-device id");
    }

    private void check(String operation, DocumentSchemas.Member member) {
        String path = member.path();
        for (Json wrong : document.wrong(member.schema())) {
            HttpResponse answer = send(operation, member.around().body(wrong).toString());
            assertThat(answer.status()).as("%s %s=%s", operation, path, wrong).isEqualTo(400);
            assertThat(answer.json()).as("%s %s=%s", operation, path, wrong).contains(outer(path));
        }
        for (Json right : document.right(member.name(), member.schema())) {
            assertThat(reading(send(operation, member.around().body(right).toString())))
                    .as("%s %s=%s", operation, path, right)
                    .doesNotContainPattern(Pattern.quote(path) + "(\\[0])? (is|lacks|holds|needs) ");
        }
        String withoutIt =
                reading(send(operation, member.around().body(Json.Null.NULL).toString()));
        assertThat(Pattern.compile("lacks |needs objects with |is null")
                        .matcher(withoutIt)
                        .find())
                .as("%s %s is required: %s", operation, path, withoutIt)
                .isEqualTo(member.required());
        delete();
    }

    /** What a reader has said; rules between members are another matter. */
    private static String reading(HttpResponse answer) {
        return answer.status() == 400 && answer.json().startsWith("[\"the body of ") ? answer.json() : "";
    }

    /** Pins are read by hand: their messages name the list. */
    private static String outer(String path) {
        return path.replaceFirst("(affinity)\\[0].*", "$1");
    }

    private void delete() {
        send("PUT /vm.delete", "");
    }

    @Test
    void whoIsPromisedNoBodyTakesNone() {
        operations().forEach((operation, description) -> {
            if (operation.startsWith("PUT") && body(description) == null && !operation.endsWith("vmm.shutdown")) {
                HttpResponse answer = send(operation, "{}");
                assertThat(answer.status()).as(operation).isEqualTo(400);
                assertThat(answer.json()).as(operation).contains("is not wanted");
            }
        });
    }

    @Test
    void withoutAVmThoseAnswer404ThatItSaysItOf() {
        List<String> answered = new ArrayList<>();
        operations().forEach((operation, description) -> {
            if (!operation.endsWith("vmm.shutdown")) {
                Json body = body(description);
                HttpResponse answer = send(operation, body == null ? "" : smallest(operation, body));
                Map<String, Json> responses = ((Json.Obj) description.get("responses")).members();
                assertThat(responses).as(operation + " " + answer.json()).containsKey("" + answer.status());
                assertThat(answer.status() == 404).as(operation).isEqualTo(responses.containsKey("404"));
                answered.add(operation);
                delete();
            }
        });
        assertThat(answered).hasSizeGreaterThan(25);
    }

    private String smallest(String operation, Json body) {
        return switch (operation) { // what no schema can say: one of two members
            case "PUT /vm.create" -> "{\"payload\":{\"kernel\":\"/k\"}}";
            case "PUT /vm.add-disk" -> "{\"path\":\"/d\"}";
            case "PUT /vm.add-fs" -> "{\"tag\":\"x\",\"path\":\"/d\"}";
            default -> document.sample("", body).toString();
        };
    }

    /** What is not said has the value that the document gives as its default. */
    @Test
    void defaultsAreThose() {
        String sent = "{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"topology\":{}},\"memory\":{},\"serial\":{},"
                + "\"console\":{},\"rng\":{},\"disks\":[{\"path\":\"/d\"}],\"net\":[{}],"
                + "\"fs\":[{\"tag\":\"x\",\"path\":\"/f\"}]}";
        assertThat(send("PUT /vm.create", sent).status()).isEqualTo(204);
        Json.Obj config =
                (Json.Obj) ((Json.Obj) JsonReader.read(send("GET /vm.info", "").json())).get("config");
        Set<String> compared = new TreeSet<>();
        compare("", document.at("components", "schemas", "VmConfig"), config, compared);
        assertThat(compared)
                .hasSizeGreaterThan(30)
                .contains(
                        "memory.size", "cpus.topology.packages", "disks[0].queue_size", "fs[0].queue_size", "pvpanic");
    }

    private void compare(String path, Json reference, Json value, Set<String> compared) {
        DocumentSchemas.properties(document.schema(reference)).forEach((name, property) -> {
            Json member = ((Json.Obj) value).get(name);
            Json.Obj schema = document.schema(property);
            if (schema.get("default") != Json.Null.NULL) {
                assertThat(member).as(path + name).isEqualTo(schema.get("default"));
                compared.add(path + name);
            }
            if (member instanceof Json.Obj) {
                compare(path + name + ".", property, member, compared);
            } else if (member instanceof Json.Arr(List<Json> items) && items.getFirst() instanceof Json.Obj) {
                compare(path + name + "[0].", schema.get("items"), items.getFirst(), compared);
            }
        });
    }
}
