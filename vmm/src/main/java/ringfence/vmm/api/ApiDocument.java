package ringfence.vmm.api;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import ringfence.option.Json;
import ringfence.option.OptionTable;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.MachineStatus;

/**
 * The API as a document of OpenAPI 3.0.3. Bodies are described by the tables that they are read with, so that the two
 * cannot differ; only what is answered is described here. Nothing of it is made, or loaded, before somebody asks.
 */
public final class ApiDocument {
    /** Where it is, under {@code /api/v1}. */
    static final String NAME = "openapi.json";

    private static final String TEXT = "string";

    private ApiDocument() {}

    /** The document. @param version of the VMM */
    public static Json.Obj of(String version) {
        Map<String, Json> schemas = answers();
        Map<String, Json> paths = new LinkedHashMap<>();
        for (ApiOperation operation : ApiOperation.all()) {
            operation.body().ifPresent(table -> table.schemas(schemas));
            paths.put("/" + operation.name(), path(operation));
        }
        return Json.object(
                "openapi",
                "3.0.3",
                "info",
                Json.object(
                        "title",
                        "Ringfence's control API",
                        "description",
                        "HTTP/1.1 on a Unix socket, in Cloud Hypervisor's dialect. A body is one JSON object; a member"
                                + " whose value is null is as good as left out, one that nobody knows has no effect."
                                + " What is wrong is told in a list of lines.",
                        "version",
                        version),
                "servers",
                Json.of(List.of(Json.object("url", "http://localhost/api/v1"))),
                "paths",
                new Json.Obj(paths),
                "components",
                Json.object("schemas", new Json.Obj(schemas), "responses", refusals()));
    }

    private static Json path(ApiOperation operation) {
        Map<String, Json> members = new LinkedHashMap<>();
        members.put("summary", new Json.Str(operation.summary()));
        if (!operation.id().isEmpty()) {
            members.put("operationId", new Json.Str(operation.id()));
        }
        operation.body().ifPresent(table -> members.put("requestBody", body(table)));
        members.put("responses", responses(operation));
        return Json.object(operation.method().toLowerCase(Locale.ROOT), new Json.Obj(members));
    }

    private static Json body(OptionTable<?> table) {
        return Json.object("required", true, "content", content(reference("schemas", table.name())));
    }

    private static Json responses(ApiOperation operation) {
        Map<String, Json> responses = new TreeMap<>();
        operation
                .content()
                .ifPresent(schema -> responses.put(
                        "200",
                        Json.object("description", "The answer.", "content", content(reference("schemas", schema)))));
        for (int status : operation.answers()) {
            responses.put(
                    String.valueOf(status),
                    status < 300
                            ? Json.object("description", "It is done.")
                            : reference("responses", status == 404 ? "NotFound" : "NameTaken"));
        }
        responses.put("400", reference("responses", "Wrong"));
        responses.put("408", reference("responses", "TooLate"));
        responses.put("413", reference("responses", "TooLarge"));
        responses.put("429", reference("responses", "TooMany"));
        responses.put("431", reference("responses", "HeadTooLarge"));
        responses.put("500", reference("responses", "Failed"));
        return new Json.Obj(responses);
    }

    private static Json refusals() {
        return Json.object(
                "Wrong", refusal("The request is none, or its method, its body or what it asks for is wrong."),
                "NotFound", refusal("There is no VM, or no device of that name."),
                "TooLate", refusal("The request did not come to its end in time."),
                "NameTaken", refusal("Another device has that name."),
                "TooLarge", refusal("The body is too large."),
                "HeadTooLarge", refusal("The head is too large."),
                "Failed", refusal("The VM's state does not allow it, the host refuses, or it is not supported yet."),
                "TooMany", refusal("Too many clients or changes at once: ask again."));
    }

    private static Json refusal(String description) {
        return Json.object("description", description, "content", content(reference("schemas", "Errors")));
    }

    private static Json content(Json schema) {
        return Json.object("application/json", Json.object("schema", schema));
    }

    private static Json.Obj reference(String kind, String name) {
        return Json.object("$ref", "#/components/" + kind + "/" + name);
    }

    /** What is answered, by the schemas' names. */
    private static Map<String, Json> answers() {
        Map<String, Json> schemas = new LinkedHashMap<>();
        schemas.put("Errors", list(Json.object("type", TEXT), "What is wrong, the outermost reason first"));
        schemas.put("OpenApi", Json.object("type", "object", "description", "A document of OpenAPI 3.0"));
        schemas.put(
                "VmmPingResponse",
                record(
                        "version", Json.object("type", TEXT, "description", "the VMM's version"),
                        "build_version", Json.object("type", TEXT, "description", "the same"),
                        "pid", number("its process"),
                        "features", list(Json.object("type", TEXT), "what it is built with")));
        schemas.put(
                "VmInfo",
                record(
                        "config", reference("schemas", VmConfig.TABLE.name()),
                        "state", reference("schemas", "VmState"),
                        "memory_actual_size", number("bytes of RAM, without what the balloon holds"),
                        "device_tree",
                                map(
                                        reference("schemas", "DeviceNode"),
                                        "the devices of a VM that is booted, by name")));
        devices(schemas);
        schemas.put(
                "VmState",
                Json.object(
                        "type",
                        TEXT,
                        "enum",
                        Arrays.stream(MachineStatus.values())
                                .map(MachineStatus::label)
                                .toList()));
        schemas.put(
                "VmCounters", map(map(number("what was counted"), "a device"), "Numbers of each device, by its name"));
        schemas.put(
                "PciDeviceInfo",
                record(
                        "id", Json.object("type", TEXT, "description", "the device's name"),
                        "bdf", Json.object("type", TEXT, "description", "segment:bus:slot.function")));
        return schemas;
    }

    private static void devices(Map<String, Json> schemas) {
        schemas.put(
                "DeviceNode",
                record(
                        List.of("id", "resources", "children"),
                        Json.object(
                                "id", Json.object("type", TEXT, "description", "the device's name"),
                                "resources", list(reference("schemas", "DeviceResource"), "what it has"),
                                "children", list(Json.object("type", TEXT), "the virtio device of a PCI function"),
                                "pci_bdf",
                                        Json.object(
                                                "type",
                                                TEXT,
                                                "description",
                                                "segment, bus, slot and function; left out while it is in none"))));
        schemas.put(
                "DeviceResource",
                Json.object(
                        "type",
                        "object",
                        "description",
                        "one of these",
                        "properties",
                        Json.object(
                                "BackEnd", reference("schemas", "BackEndState"),
                                "PciBar", reference("schemas", "PciBar"),
                                "MmioAddressRange", reference("schemas", "MmioAddressRange"))));
        schemas.put(
                "PciBar",
                record(
                        "index", number("0 to 5"),
                        "base", number("its guest address, as the guest has it now"),
                        "size", number("bytes"),
                        "type_", Json.object("type", TEXT, "enum", List.of("Mmio32", "Mmio64")),
                        "prefetchable", Json.object("type", "boolean")));
        schemas.put(
                "MmioAddressRange",
                record("base", number("the guest address of the device's memory"), "size", number("bytes")));
        schemas.put(
                "BackEndState",
                record(
                        "state",
                                Json.object(
                                        "type",
                                        TEXT,
                                        "enum",
                                        List.of("Waiting", "Connected", "Lost", "Reconnecting", "Failed")),
                        "responding", Json.object("type", "boolean"),
                        "reason", Json.object("type", TEXT, "description", "why it is not connected; else empty"),
                        "pid", number("the process that serves it; 0: none is known")));
    }

    /** An object that has all of these members. */
    private static Json record(Object... members) {
        Json.Obj properties = Json.object(members);
        return record(List.copyOf(properties.members().keySet()), properties);
    }

    private static Json record(List<String> required, Json.Obj properties) {
        return Json.object("type", "object", "required", required, "properties", properties);
    }

    private static Json list(Json items, String description) {
        return Json.object("type", "array", "description", description, "items", items);
    }

    private static Json map(Json values, String description) {
        return Json.object("type", "object", "description", description, "additionalProperties", values);
    }

    private static Json number(String description) {
        return Json.object("type", "integer", "format", "int64", "description", description);
    }
}
