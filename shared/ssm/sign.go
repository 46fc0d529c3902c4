package ssm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"fitkit/shared/secret"
)

// Keys are a role's.
type Keys struct {
	ID            string
	Secret, Token secret.Secret
}

// sign is AWS's Signature Version 4 for the one form of request that this package sends: a POST of body to "/", without a query.
// The SDK's signer would add 94 kB to every function; the tests hold this one to it.
func sign(req *http.Request, body []byte, k Keys, region string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/" + region + "/" + service + "/aws4_request"
	signed := map[string]string{"host": req.URL.Host}
	req.Header.Set("X-Amz-Date", stamp)
	if token := k.Token.Reveal(); token != "" {
		req.Header.Set("X-Amz-Security-Token", token)
	}
	names := []string{"host"}
	for name := range req.Header {
		names = append(names, strings.ToLower(name))
		signed[strings.ToLower(name)] = strings.TrimSpace(req.Header.Get(name))
	}
	slices.Sort(names)
	canonical := "POST\n/\n\n"
	for _, name := range names {
		canonical += name + ":" + signed[name] + "\n"
	}
	list := strings.Join(names, ";")
	canonical += "\n" + list + "\n" + digest(body)
	key := []byte("AWS4" + k.Secret.Reveal())
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	signature := mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+digest([]byte(canonical)))
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.ID+"/"+scope+", SignedHeaders="+list+", Signature="+hex.EncodeToString(signature))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text)) // never fails
	return h.Sum(nil)
}
