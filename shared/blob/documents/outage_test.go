package documents_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/blob"
	"fitkit/shared/blob/documents"
	"fitkit/shared/civil"
	"fitkit/shared/config"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
)

// TestAStoreThatFailsIsUnavailable (T16): whatever is asked of it, it neither holds, nor lacks, nor has taken anything. Garbage was
// seen to store a document, and to ring the alarm of a lock that is not in force.
func TestAStoreThatFailsIsUnavailable(t *testing.T) {
	t.Parallel()
	key := blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]())
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		o.Brief = 200 * time.Millisecond // nothing else takes its time here
		files := blob.New(blob.Config{Endpoint: o.URL, Region: "auto", Bucket: "b", Keys: aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}})
		settings := config.ComplianceBlob{Provider: "s3", Bucket: "docs", AccountID: "acc", Endpoint: o.URL, KeyID: "k", KeySecret: "s"}
		locked := documents.New(&settings, &config.ComplianceLock{}, "eu-central-1")
		settings.Provider = "r2"
		ruled := documents.New(&settings, &config.ComplianceLock{APIURL: o.URL, APIToken: "token"}, "eu-central-1")
		for name, ask := range map[string]func() error{
			"head":   func() error { _, err := files.Head(o.Context(t), key); return err },
			"put":    func() error { return files.Put(o.Context(t), key, "text/csv", []byte("a,b")) },
			"get":    func() error { _, err := files.Get(o.Context(t), key); return err },
			"begin":  func() error { _, err := files.Begin(o.Context(t), key); return err },
			"delete": func() error { return files.Delete(o.Context(t), key) },
			"a document under S3's lock": func() error {
				_, err := locked.PutReport(o.Context(t), "backups", "x", civil.New(2026, 1, 1), []byte("{}"))
				return err
			},
			"a document under R2's rules": func() error {
				_, err := ruled.PutReport(o.Context(t), "backups", "x", civil.New(2026, 1, 1), []byte("{}"))
				return err
			},
			"the check of S3's lock":  func() error { return locked.CheckLock(o.Context(t)) },
			"the check of R2's rules": func() error { return ruled.CheckLock(o.Context(t)) },
		} {
			asked := o.Asked()
			err := ask()
			if !errors.Is(err, blob.ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
			want := time.Minute
			if o.TooOften() && name != "the check of R2's rules" {
				want = 2 * time.Minute
			}
			if got := fail.From(err).RetryAfter; got != want {
				t.Errorf("%s: asks callers to wait %s, want %s", name, got, want)
			}
			if n := o.Asked() - asked; n > retry.Tries || o.TooOften() && n != 1 {
				t.Errorf("%s: asked %d times", name, n)
			}
		}
	})
}

// TestBeingAskedToComeBackIsNoProofOfALock: the daily check tries to delete a sample, and 429 was once taken for the refusal.
func TestBeingAskedToComeBackIsNoProofOfALock(t *testing.T) {
	t.Parallel()
	c, l := r2(t, `{"enabled":true,"condition":{"type":"Indefinite"}}`, 200, http.StatusTooManyRequests)
	err := documents.New(c, l, "eu-central-1").CheckLock(t.Context())
	if !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, documents.ErrNotLocked) {
		t.Errorf("said %v", err)
	}
}
