package ringfence.vmm.api;

import java.nio.charset.StandardCharsets;

/**
 * One answer.
 *
 * @param status HTTP status code
 * @param json body, or empty for none
 */
record HttpResponse(int status, String json) {
    /** What is sent before an answer, to a client that waits for it with its body. */
    static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    static HttpResponse ok(String json) {
        return new HttpResponse(200, json);
    }

    static HttpResponse empty(int status) {
        return new HttpResponse(status, "");
    }

    /** An error as Cloud Hypervisor sends it: an array of strings, the outermost reason first. */
    static HttpResponse error(int status, String... reasons) {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; i < reasons.length; i++) {
            json.append(i == 0 ? "" : ",").append(quote(reasons[i]));
        }
        return new HttpResponse(status, json.append(']').toString());
    }

    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    byte[] bytes(boolean keepAlive) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("HTTP/1.1 ")
                .append(status)
                .append(' ')
                .append(reason())
                .append("\r\nServer: Cloud Hypervisor API\r\nConnection: ")
                .append(keepAlive ? "keep-alive" : "close")
                .append("\r\n");
        if (status != 204) {
            head.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(body.length)
                    .append("\r\n");
        }
        byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        byte[] all = new byte[start.length + body.length];
        System.arraycopy(start, 0, all, 0, start.length);
        System.arraycopy(body, 0, all, start.length, body.length);
        return all;
    }

    private String reason() {
        return switch (status) {
            case 200 -> "OK";
            case 204 -> "No Content";
            case 400 -> "Bad Request";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 413 -> "Payload Too Large";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            default -> "Internal Server Error";
        };
    }
}
