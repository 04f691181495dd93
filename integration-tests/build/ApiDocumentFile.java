import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ringfence.vmm.api.ApiDocument;

/** Writes what {@code GET openapi.json} answers to a file, for the generator of a client. */
public final class ApiDocumentFile {
    private ApiDocumentFile() {}

    /** Argument: the file. It is left alone where it says the same already, so that nothing is generated anew. */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        String document = ApiDocument.of("v0.0.0").toString();
        if (!Files.exists(file) || !Files.readString(file).equals(document)) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, document);
        }
    }
}
