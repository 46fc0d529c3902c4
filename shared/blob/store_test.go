package blob_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/config"
	"fitkit/shared/fail"
	"fitkit/shared/id"
)

func TestWhatIsStoredIsFoundUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	store := blob.New(blobtest.General(t))
	key := blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]())
	if _, err := store.Head(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("before: %v", err)
	}
	if _, err := store.Get(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("before: %v", err)
	}
	if err := store.Put(t.Context(), key, "text/csv", []byte("א,ב")); err != nil {
		t.Fatal(err)
	}
	if err := store.Put(t.Context(), key, "text/csv", []byte("other")); !errors.Is(err, blob.ErrExists) {
		t.Errorf("overwriting: %v", err)
	}
	body, err := store.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if content, _ := io.ReadAll(body); string(content) != "א,ב" {
		t.Errorf("read %q", content)
	}
	for range 2 { // the second time there is nothing, which is as good
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Head(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("after: %v", err)
	}
}

// answering is a store over TLS, as R2 is, that gives one answer and keeps the requests.
func answering(t *testing.T, status int, body string) (*blob.Store, func() []*http.Request) {
	t.Helper()
	var seen []*http.Request
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen = append(seen, r)
		w.Header().Set("ETag", `"e"`)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return blob.New(blob.Config{Endpoint: server.URL, Region: "auto", Bucket: "b", HTTP: server.Client(),
		Keys: aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}}), func() []*http.Request { return seen }
}

// R2 answers 501 to chunked bodies and trailers, which the SDK sends over TLS unless told not to.
func TestWhatIsSentIsWhatR2Understands(t *testing.T) {
	t.Parallel()
	store, seen := answering(t, http.StatusOK, "")
	if err := store.Put(t.Context(), blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]()), "text/csv", []byte("a,b")); err != nil {
		t.Fatal(err)
	}
	h := seen()[0].Header
	if h.Get("Content-Encoding") != "" || h.Get("X-Amz-Trailer") != "" || strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING") {
		t.Errorf("sent %v", h)
	}
	if h.Get("Accept-Encoding") != "identity" || strings.Contains(h.Get("Authorization"), "accept-encoding") { // proxies change it
		t.Errorf("asked for %q, signed %s", h.Get("Accept-Encoding"), h.Get("Authorization"))
	}
	if h.Get("X-Amz-Checksum-Sha256") == "" || h.Get("X-Amz-Checksum-Crc32") != "" || h.Get("If-None-Match") != "*" {
		t.Errorf("sent %v", h)
	}
	if !strings.Contains(h.Get("Authorization"), "/auto/s3/aws4_request") {
		t.Errorf("signed for %s", h.Get("Authorization"))
	}
}

func TestWhatTheStoreAnswersDecidesWhatHappensNext(t *testing.T) {
	t.Parallel()
	key := blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]())
	for name, tc := range map[string]struct {
		status int
		code   string
		want   fail.Kind
		tries  int
	}{
		"busy is tried again, then told":               {503, "SlowDown", fail.Unavailable, 3},
		"an error of its own is too":                   {500, "InternalError", fail.Unavailable, 3},
		"what it cannot do is our mistake":             {501, "NotImplemented", fail.Internal, 1},
		"a wrong key is our mistake":                   {403, "SignatureDoesNotMatch", fail.Internal, 1},
		"a bucket that is not there is our mistake":    {404, "NoSuchBucket", fail.Internal, 1},
		"content damaged on its way is not stored":     {400, "BadDigest", fail.Internal, 1},
		"a taken key is a conflict and stays as it is": {412, "PreconditionFailed", fail.Conflict, 1},
	} {
		t.Run(name, func(t *testing.T) {
			store, seen := answering(t, tc.status, "<Error><Code>"+tc.code+"</Code></Error>")
			err := store.Put(t.Context(), key, "text/csv", []byte("x"))
			if err == nil || fail.From(err).Kind != tc.want {
				t.Errorf("said %v", err)
			}
			if n := len(seen()); n != tc.tries {
				t.Errorf("asked %d times, want %d", n, tc.tries)
			}
		})
	}
}

func TestAStoreThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	store := blob.New(blob.Config{Endpoint: server.URL, Region: "auto", Bucket: "b", Keys: aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}})
	_, err := store.Head(t.Context(), blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]()))
	if !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("said %v", err)
	}
}

func TestAKeyOfAnotherPlaceIsRefused(t *testing.T) {
	t.Parallel()
	org, other := id.New[id.Org](), id.New[id.Org]()
	own := string(blob.NewKey(org, "uploads", id.New[id.Event]()))
	if key, err := blob.ParseKey(org, own); err != nil || string(key) != own {
		t.Errorf("its own key: %v", err)
	}
	copied, err := blob.BackupKey(org, "2026-11-21/manifest.json")
	if want := "backups/org/" + org.String() + "/2026-11-21/manifest.json"; err != nil || string(copied) != want {
		t.Errorf("a copy's key is %s, %v", copied, err)
	}
	for name, text := range map[string]string{
		"another studio's copy":    "backups/org/" + other.String() + "/2026-11-21/manifest.json",
		"two copies' prefixes":     "backups/" + string(copied),
		"another studio's":         string(blob.NewKey(other, "uploads", id.New[id.Event]())),
		"none":                     "",
		"the prefix alone":         "org/" + org.String() + "/",
		"one that climbs out":      "org/" + org.String() + "/../" + other.String() + "/x",
		"one that ends in a slash": own + "/",
		"one with an empty part":   "org/" + org.String() + "//x",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := blob.ParseKey(org, text); err == nil {
				t.Errorf("%q was accepted", text)
			}
		})
	}
}

func TestTheSettingsSayWhichServer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		given            config.Blob
		endpoint, region string
	}{
		"an account is R2's, in its only region": {config.Blob{AccountID: "abc"}, "https://abc.r2.cloudflarestorage.com", "auto"},
		"an address is taken as it is":           {config.Blob{Endpoint: "http://127.0.0.1:1"}, "http://127.0.0.1:1", "eu-central-1"},
		"an address wins over an account":        {config.Blob{AccountID: "abc", Endpoint: "http://127.0.0.1:1"}, "http://127.0.0.1:1", "eu-central-1"},
	} {
		t.Run(name, func(t *testing.T) {
			if c := blob.FromSection(&tc.given, "eu-central-1"); c.Endpoint != tc.endpoint || c.Region != tc.region {
				t.Errorf("%s in %s", c.Endpoint, c.Region)
			}
		})
	}
}

// Red when any success was believed, and when a bucket that is not there was.
func TestAStoreIsAskedWhetherItAnswers(t *testing.T) {
	t.Parallel()
	c := blobtest.General(t)
	if err := blob.New(c).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	missing, stranger := c, c
	missing.Bucket, stranger.Keys.SecretAccessKey = "of-nobody", "wrong"
	page, _ := answering(t, 200, "<html>a proxy's page</html>")
	for name, store := range map[string]*blob.Store{"a bucket that is not there": blob.New(missing), "the wrong key": blob.New(stranger), "a proxy": page} {
		if err := store.Ping(t.Context()); err == nil {
			t.Errorf("%s answers as a store", name)
		}
	}
}
