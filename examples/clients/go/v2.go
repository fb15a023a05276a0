// Calls API 2.0 with signature v2 (HmacSHA256): Go's standard library alone.
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
package main

import (
	"crypto/hmac"; "crypto/rand"; "crypto/sha256"; "encoding/base64"; "encoding/binary"; "fmt"
	"io"; "net/http"; "net/url"; "os"; "sort"; "strconv"; "strings"; "time"
)

func main() {
	endpoint := os.Getenv("FAREGATE_ENDPOINT")
	if endpoint == "" { endpoint = "https://cvm.api.qcloud.com" }
	_, host, _ := strings.Cut(endpoint, "://")
	const path = "/v2/index.php"
	var nonce [8]byte
	_, _ = rand.Read(nonce[1:])
	parameters := url.Values{}
	parameters.Set("Action", "DescribeInstances")
	parameters.Set("limit", "5") // the action's own parameters: text, lists as name.0, name.1
	parameters.Set("SecretId", os.Getenv("FAREGATE_SECRET_ID"))
	parameters.Set("Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	parameters.Set("Nonce", strconv.FormatUint(binary.BigEndian.Uint64(nonce[:]), 10))
	parameters.Set("SignatureMethod", "HmacSHA256")

	// Names with `_` as `.`, sorted byte by byte; values raw. Method, host and path stand in front.
	var named [][2]string
	for name := range parameters { named = append(named, [2]string{strings.ReplaceAll(name, "_", "."), parameters.Get(name)}) }
	sort.Slice(named, func(a, b int) bool { return named[a][0] < named[b][0] })
	var parts []string
	for _, pair := range named { parts = append(parts, pair[0]+"="+pair[1]) }
	mac := hmac.New(sha256.New, []byte(os.Getenv("FAREGATE_SECRET_KEY")))
	mac.Write([]byte("POST" + host + path + "?" + strings.Join(parts, "&")))
	parameters.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	answer, err := http.PostForm(endpoint+path, parameters) // only now is anything percent-encoded
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	_, _ = io.Copy(os.Stdout, answer.Body)
}
