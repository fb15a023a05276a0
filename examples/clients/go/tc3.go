// Calls API 3.0 with TC3-HMAC-SHA256: Go's standard library alone.
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
package main

import (
	"crypto/hmac"; "crypto/sha256"; "fmt"; "io"; "net/http"; "os"; "strings"; "time"
)

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}

func main() {
	endpoint := os.Getenv("FAREGATE_ENDPOINT")
	if endpoint == "" { endpoint = "https://cvm.api.qcloud.com" }
	_, host, _ := strings.Cut(endpoint, "://")
	service, action := "cvm", "DescribeInstances"
	body := `{"limit":5}` // serialised once: these bytes are signed and sent
	now := time.Now().UTC()
	date := now.Format("2006-01-02") // in UTC
	signed := "content-type;host;x-tc-action"
	headers := "content-type:application/json\nhost:" + host + "\nx-tc-action:" + strings.ToLower(action) + "\n"
	canonical := fmt.Sprintf("POST\n/\n\n%s\n%s\n%x", headers, signed, sha256.Sum256([]byte(body)))
	scope := date + "/" + service + "/tc3_request"
	stringToSign := fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s\n%x", now.Unix(), scope, sha256.Sum256([]byte(canonical)))
	key := mac(mac(mac([]byte("TC3"+os.Getenv("FAREGATE_SECRET_KEY")), date), service), "tc3_request")
	request, _ := http.NewRequest("POST", endpoint+"/", strings.NewReader(body))
	request.Header.Set("Authorization", fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x",
		os.Getenv("FAREGATE_SECRET_ID"), scope, signed, mac(key, stringToSign)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-TC-Action", action)
	request.Header.Set("X-TC-Version", "2017-03-12")
	request.Header.Set("X-TC-Timestamp", fmt.Sprint(now.Unix()))
	answer, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	_, _ = io.Copy(os.Stdout, answer.Body)
}
