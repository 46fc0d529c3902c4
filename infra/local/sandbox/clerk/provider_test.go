package main

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

const (
	testKey    = "sk_test_1"
	testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	testOrigin = "https://app.example"
)

// provider is a running sandbox.
type provider struct {
	t      *testing.T
	url    string
	server *server
	client *http.Client
}

type object = map[string]any

func newProvider(t *testing.T, webhookURL string) *provider {
	t.Helper()
	return openProvider(t, t.TempDir(), webhookURL)
}

func openProvider(t *testing.T, state, webhookURL string) *provider {
	t.Helper()
	keys, err := loadKeys(filepath.Join(state, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	sender := newSender(webhookOptions{URL: webhookURL, Secret: testSecret, RetryScale: 1})
	accounts, err := openStore(filepath.Join(state, "accounts.jsonl"), sender.enqueue)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t}
	o := options{issuer: "https://clerk.example", secretKey: testKey, parties: []string{testOrigin}}
	p.server = newServer(o, keys, accounts, sender)
	web := httptest.NewServer(p.server.routes())
	p.url = web.URL
	p.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	go sender.run(t.Context())
	t.Cleanup(func() { web.Close(); accounts.close() })
	return p
}

// do sends a request with the secret key and decodes the answer into out when it is not nil.
func (p *provider) do(method, path string, in, out any) *http.Response {
	p.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			p.t.Fatalf("%s %s answered %d %s", method, path, resp.StatusCode, text)
		}
	}
	return resp
}

// must is do for requests that succeed.
func (p *provider) must(method, path string, in object) object {
	p.t.Helper()
	out := object{}
	if resp := p.do(method, path, in, &out); resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s answered %d %v", method, path, resp.StatusCode, out)
	}
	return out
}

// refused checks status, error code and trace id of a refusal.
func (p *provider) refused(method, path string, in object, status int, code string) {
	p.t.Helper()
	var out errorBody
	resp := p.do(method, path, in, &out)
	if resp.StatusCode != status || len(out.Errors) != 1 || out.Errors[0].Code != code ||
		out.TraceID == "" || resp.Header.Get("Clerk-Trace-Id") != out.TraceID {
		p.t.Errorf("%s %s answered %d %+v", method, path, resp.StatusCode, out)
	}
}

func (p *provider) studio(slug string) studio {
	p.t.Helper()
	var out studio
	if resp := p.do("POST", "/_dev/studio", object{"name": "סטודיו " + slug, "slug": slug}, &out); resp.StatusCode != http.StatusOK {
		p.t.Fatalf("studio answered %d", resp.StatusCode)
	}
	return out
}

func (p *provider) keySet() keySet {
	p.t.Helper()
	var set keySet
	p.do("GET", "/.well-known/jwks.json", nil, &set)
	return set
}

// claims mints a token, verifies it with the published keys and returns what it says.
func (p *provider) claims(in object) object {
	p.t.Helper()
	claims, ok := p.verify(p.must("POST", "/_dev/token", in)["jwt"].(string))
	if !ok {
		p.t.Fatal("the token's signature is not good under the published keys")
	}
	return claims
}

func (p *provider) verify(jwt string) (object, bool) {
	p.t.Helper()
	parts := strings.Split(jwt, ".")
	var head struct{ Alg, Typ, KID string }
	claims := object{}
	p.decodePart(parts[0], &head)
	p.decodePart(parts[1], &claims)
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		p.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, k := range p.keySet().Keys {
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		if err != nil {
			p.t.Fatal(err)
		}
		pub := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		if k.KID == head.KID && k.E == "AQAB" && head.Alg == "RS256" && rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], mac) == nil {
			return claims, true
		}
	}
	return claims, false
}

func (p *provider) decodePart(part string, v any) {
	p.t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		p.t.Fatal(err)
	}
}
