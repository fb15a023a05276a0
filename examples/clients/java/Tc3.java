// Calls API 3.0 with TC3-HMAC-SHA256: Java's standard library alone. Run: java Tc3.java
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
import static java.nio.charset.StandardCharsets.UTF_8;
import java.net.URI;
import java.net.http.*;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Tc3 {
    static byte[] mac(byte[] key, String text) throws Exception {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(UTF_8));
    }
    static String sha256(String text) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    }
    public static void main(String[] arguments) throws Exception {
        var endpoint = System.getenv().getOrDefault("FAREGATE_ENDPOINT", "https://cvm.api.qcloud.com");
        String host = URI.create(endpoint).getAuthority(), service = "cvm", action = "DescribeInstances";
        var body = "{\"limit\":5}"; // serialised once: these bytes are signed and sent
        var now = Instant.now();
        String timestamp = String.valueOf(now.getEpochSecond()), date = now.toString().substring(0, 10); // in UTC
        var signed = "content-type;host;x-tc-action";
        var headers = "content-type:application/json\nhost:" + host + "\nx-tc-action:" + action.toLowerCase() + "\n";
        var canonical = "POST\n/\n\n" + headers + "\n" + signed + "\n" + sha256(body);
        var scope = date + "/" + service + "/tc3_request";
        var stringToSign = "TC3-HMAC-SHA256\n" + timestamp + "\n" + scope + "\n" + sha256(canonical);
        var key = mac(mac(mac(("TC3" + System.getenv("FAREGATE_SECRET_KEY")).getBytes(UTF_8), date), service), "tc3_request");
        var authorization = "TC3-HMAC-SHA256 Credential=" + System.getenv("FAREGATE_SECRET_ID") + "/" + scope
            + ", SignedHeaders=" + signed + ", Signature=" + HexFormat.of().formatHex(mac(key, stringToSign));
        var request = HttpRequest.newBuilder(URI.create(endpoint + "/")).version(HttpClient.Version.HTTP_1_1).headers("Authorization", authorization, "Content-Type",
            "application/json", "X-TC-Action", action, "X-TC-Version", "2017-03-12", "X-TC-Timestamp", timestamp);
        System.out.println(HttpClient.newHttpClient().send(request.POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString()).body());
    }
}
