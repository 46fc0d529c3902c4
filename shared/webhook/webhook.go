// Package webhook verifies Standard Webhooks signatures, the form that Svix sends for Clerk
// and Resend: HMAC-SHA256 over id.timestamp.body, under svix-* or webhook-* headers.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fitkit/shared/secret"
)

const (
	// DefaultTolerance is how far the sender's clock may be from ours, either way.
	DefaultTolerance = 5 * time.Minute
	// minSecret is the shortest secret taken, in decoded bytes, as the scheme asks.
	minSecret = 24
	// documented is the secret that the vendor's documentation shows. It reaches
	// deployments by copy and paste, and everyone knows it.
	documented = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

var (
	// ErrSecret means a configured secret cannot be used: the function must not start.
	ErrSecret = errors.New("webhook: unusable secret")
	// ErrSignature means the message proves nothing (401). It does not say why.
	ErrSignature = errors.New("webhook: the signature does not hold")
)

// Verifier holds the secrets of one endpoint: the current one and, during a rotation, the
// former. It is safe for concurrent use.
type Verifier struct{ keys []key }

// key is a secret's bytes and, for a former one, when it stops being taken.
type key struct {
	bytes []byte
	until time.Time // zero: it does not
}

func (k key) holds(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

// Former also takes messages that are signed by a secret which is being replaced, until an
// instant. From then on it is refused by every process, deployed anew or not.
func (v *Verifier) Former(s secret.Secret, until time.Time) (*Verifier, error) {
	former, err := New([]secret.Secret{s})
	if err != nil {
		return nil, err
	}
	return &Verifier{append(slices.Clone(v.keys), key{former.keys[0].bytes, until})}, nil
}

// New parses secrets, written whsec_<base64> or without the prefix. An error wraps
// ErrSecret and never contains a secret.
func New(secrets []secret.Secret) (*Verifier, error) {
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%w: none is set", ErrSecret)
	}
	v := &Verifier{}
	for i, s := range secrets {
		text := strings.TrimPrefix(s.Reveal(), "whsec_")
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: number %d is not base64", ErrSecret, i+1)
		case len(raw) < minSecret:
			return nil, fmt.Errorf("%w: number %d is shorter than %d bytes", ErrSecret, i+1, minSecret)
		case text == documented:
			return nil, fmt.Errorf("%w: number %d is the documentation's example", ErrSecret, i+1)
		}
		v.keys = append(v.keys, key{bytes: raw})
	}
	return v, nil
}

// Verify reports, as nil or ErrSignature, whether body came from a holder of one of the
// secrets within tolerance of now. body is the raw bytes that were received, and headers
// must not have been split at commas.
func (v *Verifier) Verify(headers http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, stamp, signatures := read(headers)
	// The signed text is joined by full stops: one inside the id would move the border
	// between id and timestamp, and make an old message young.
	if id == "" || strings.Contains(id, ".") || !fresh(stamp, now, tolerance) {
		return ErrSignature
	}
	good := false
	for _, k := range v.keys {
		if !k.holds(now) {
			continue
		}
		mac := hmac.New(sha256.New, k.bytes)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		// Text is compared, not bytes: base64 has several spellings of one signature. Other
		// versions than v1 are passed over.
		want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for got := range strings.SplitSeq(signatures, " ") {
			good = hmac.Equal([]byte(got), want) || good
		}
	}
	if !good {
		return ErrSignature
	}
	return nil
}

// Format keeps the secrets out of every print of a verifier.
func (v Verifier) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "webhook.Verifier{%d secrets}", len(v.keys))
}

// read returns the three headers of one family: all svix-*, or all webhook-*.
func read(h http.Header) (id, stamp, signatures string) {
	family := "Svix-"
	if h.Get("Svix-Id") == "" {
		family = "Webhook-"
	}
	return h.Get(family + "Id"), h.Get(family + "Timestamp"), h.Get(family + "Signature")
}

// fresh takes plain decimal seconds alone, since another spelling of the same instant would
// be another message.
func fresh(stamp string, now time.Time, tolerance time.Duration) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return false
	}
	age := now.Sub(time.Unix(seconds, 0))
	return age <= tolerance && age >= -tolerance
}
