// Calls API 2.0 with signature v2 (HmacSHA256): Java's standard library alone. Run: java V2.java
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
import static java.nio.charset.StandardCharsets.UTF_8;
import java.net.*;
import java.net.http.*;
import java.security.SecureRandom;
import java.util.*;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class V2 {
    public static void main(String[] arguments) throws Exception {
        var environment = System.getenv();
        var endpoint = environment.getOrDefault("FAREGATE_ENDPOINT", "https://cvm.api.qcloud.com");
        var host = URI.create(endpoint).getAuthority();
        var path = "/v2/index.php";
        var parameters = new TreeMap<String, String>(); // sorts by name; put names with _ in with . and sign those
        parameters.put("Action", "DescribeInstances");
        parameters.put("limit", "5"); // the action's own parameters: text, lists as name.0, name.1
        parameters.put("SecretId", environment.get("FAREGATE_SECRET_ID"));
        parameters.put("Timestamp", String.valueOf(System.currentTimeMillis() / 1000));
        parameters.put("Nonce", String.valueOf(new SecureRandom().nextLong(1, Long.MAX_VALUE)));
        parameters.put("SignatureMethod", "HmacSHA256");
        // Values raw. Method, host and path stand in front with nothing between them.
        var query = parameters.entrySet().stream().map(p -> p.getKey() + "=" + p.getValue()).collect(Collectors.joining("&"));
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(environment.get("FAREGATE_SECRET_KEY").getBytes(UTF_8), "HmacSHA256"));
        var tag = mac.doFinal(("POST" + host + path + "?" + query).getBytes(UTF_8));
        parameters.put("Signature", Base64.getEncoder().encodeToString(tag));
        // Only now is anything percent-encoded.
        var body = parameters.entrySet().stream().map(p -> URLEncoder.encode(p.getKey(), UTF_8) + "="
            + URLEncoder.encode(p.getValue(), UTF_8)).collect(Collectors.joining("&"));
        var request = HttpRequest.newBuilder(URI.create(endpoint + path)).version(HttpClient.Version.HTTP_1_1)
            .header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString(body));
        System.out.println(HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
    }
}
