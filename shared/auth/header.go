package auth

import (
	"encoding/base64"
	"strings"

	"github.com/go-jose/go-jose/v3/json"
)

// maxToken is the longest token looked at, in bytes. Clerk keeps its tokens under a
// cookie's 4 kB; the gateway takes 10 kB of headers in all.
const maxToken = 8 << 10

// header holds what is read of a token's header and, as raw messages, the members whose
// mere presence refuses it: keys brought along, encryption, compression, and extensions
// that must be understood. Others (cat, oiat) are Clerk's own and ignored.
type header struct {
	Alg  string          `json:"alg"`
	Kid  string          `json:"kid"`
	Typ  string          `json:"typ"`
	JWK  json.RawMessage `json:"jwk"`
	JKU  json.RawMessage `json:"jku"`
	X5U  json.RawMessage `json:"x5u"`
	X5C  json.RawMessage `json:"x5c"`
	Crit json.RawMessage `json:"crit"`
	B64  json.RawMessage `json:"b64"`
	Zip  json.RawMessage `json:"zip"`
	Enc  json.RawMessage `json:"enc"`
	Cty  json.RawMessage `json:"cty"`
}

// open checks a token's form, before any key is looked up, and returns its key id and its payload, of
// which nothing is proven. The form is strict compact serialisation: three parts of unpadded, canonical
// base64url.
func open(token string) (kid string, payload []byte, err error) {
	if len(token) > maxToken {
		return "", nil, invalid("too long")
	}
	// Go's base64 skips line ends, so they are refused by name.
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return "", nil, invalid("not three parts")
	}
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || part == "" {
			return "", nil, invalid("not base64url")
		}
	}
	var h header
	// This decoder compares names letter by letter and refuses duplicates; encoding/json
	// does neither.
	if err := json.Unmarshal(decoded[0], &h); err != nil {
		return "", nil, invalid("malformed header")
	}
	return h.Kid, decoded[1], h.check()
}

func (h header) check() error {
	switch {
	case h.Alg != "RS256":
		return invalid("algorithm other than RS256")
	case h.Typ != "JWT":
		return invalid("type other than JWT")
	case h.Kid == "":
		return invalid("no key id")
	}
	for _, refused := range []json.RawMessage{h.JWK, h.JKU, h.X5U, h.X5C, h.Crit, h.B64, h.Zip, h.Enc, h.Cty} {
		if refused != nil {
			return invalid("a header member that is never accepted")
		}
	}
	return nil
}
