package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"fitkit/shared/secret"
	"fitkit/shared/vectors"
)

type signatureVectors struct {
	Tolerance int64 `json:"tolerance_s"`
	Count     int
	Cases     []struct {
		ID, Expect, Reason string
		Now                int64
		Secrets            []secret.Secret
		Headers            map[string]string
		Body               []byte `json:"body_b64"`
	}
}

// TestSignatureVectors holds every case, "should" included. A secret that New refuses is a
// message refused: the function would not be running.
func TestSignatureVectors(t *testing.T) {
	set := vectors.Load[signatureVectors](t, "webhook_signatures.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) {
			headers := http.Header{}
			for name, value := range tc.Headers {
				headers.Set(name, value)
			}
			v, err := New(tc.Secrets)
			if err == nil {
				err = v.Verify(headers, tc.Body, time.Unix(tc.Now, 0), time.Duration(set.Tolerance)*time.Second)
			}
			if (err == nil) != (tc.Expect == "accept") {
				t.Fatalf("want %s, got %v", tc.Expect, err)
			}
		})
	}
}

func TestAnEndpointWithoutAUsableSecretDoesNotStart(t *testing.T) {
	good := secret.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 24))))
	if _, err := New([]secret.Secret{good}); err != nil {
		t.Fatalf("a good secret is refused: %v", err)
	}
	for name, secrets := range map[string][]secret.Secret{
		"no list":                            nil,
		"an empty secret":                    {""},
		"the prefix alone":                   {"whsec_"},
		"23 bytes":                           {secret.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 23))))},
		"not base64":                         {"whsec_" + secret.Secret(strings.Repeat("*", 40))},
		"the documentation's example":        {"whsec_" + documented},
		"the example without its prefix":     {documented},
		"a good one and an empty former one": {good, ""},
		"a good one behind a placeholder":    {"whsec_changeme", good},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(secrets)
			if !errors.Is(err, ErrSecret) {
				t.Fatalf("got %v", err)
			}
			for _, s := range secrets {
				if text := strings.TrimPrefix(s.Reveal(), "whsec_"); text != "" && strings.Contains(err.Error(), text) {
					t.Fatalf("the error shows the secret: %v", err)
				}
			}
		})
	}
}

func TestOneMessageHasOneSpelling(t *testing.T) {
	key := []byte(strings.Repeat("k", 24))
	v, err := New([]secret.Secret{secret.Secret(base64.StdEncoding.EncodeToString(key))})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(stamp string) string {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("msg_1." + stamp + ".{}"))
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	const now = "1767268800"
	for name, tc := range map[string]struct {
		stamp, signature string
		good             bool
	}{
		"as it is sent":                     {now, sign(now), true},
		"behind others":                     {now, "v1a,x v1, v1,AAAA  " + sign(now), true},
		"a plus before the timestamp":       {"+" + now, sign("+" + now), false},
		"a zero before the timestamp":       {"0" + now, sign("0" + now), false},
		"a line's end inside the signature": {now, sign(now)[:20] + "\n" + sign(now)[20:], false},
		"unused bits set":                   {now, respell(sign(now)), false},
		"the version in capitals":           {now, strings.Replace(sign(now), "v1", "V1", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			headers := http.Header{"Svix-Id": {"msg_1"}, "Svix-Timestamp": {tc.stamp}, "Svix-Signature": {tc.signature}}
			if err := v.Verify(headers, []byte("{}"), time.Unix(1767268800, 0), DefaultTolerance); (err == nil) != tc.good {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// respell sets an unused bit of the last letter before the padding: 32 bytes leave two.
func respell(signature string) string {
	last := len(signature) - 2
	return signature[:last] + string(signature[last]+1) + "="
}

func TestAVerifierPrintsNoSecret(t *testing.T) {
	key := strings.Repeat("k", 24)
	v, err := New([]secret.Secret{secret.Secret(base64.StdEncoding.EncodeToString([]byte(key)))})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if out := fmt.Sprintf(verb+verb, v, *v); strings.Contains(out, "kk") || strings.Contains(out, "107") || strings.Contains(out, "6b6b") {
			t.Errorf("%s shows the secret: %s", verb, out)
		}
	}
}
