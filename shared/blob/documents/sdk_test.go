package documents_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/shared/blob"
	"fitkit/shared/blob/documents"
	"fitkit/shared/config"
)

// notes is a store under Object Lock that notes what it is asked, all but signatures and what a client says of itself.
type notes struct {
	mu    sync.Mutex
	asked []string
}

// meant are the headers that say what is asked for. The SDK's checksum of a retention may be another than ours.
var meant = []string{"Content-Type", "If-None-Match", "X-Amz-Checksum-Mode", "X-Amz-Object-Lock-Mode", "X-Amz-Object-Lock-Retain-Until-Date"}

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	query := r.URL.Query()
	query.Del("x-id") // the SDK's word for the operation
	note := fmt.Sprintf("%s %s ?%s\n%s", r.Method, r.URL.Path, query.Encode(), body)
	for _, name := range meant {
		note += "\n" + name + ": " + r.Header.Get(name)
	}
	if r.Method == http.MethodPut && r.Header.Get("Content-Md5")+r.Header.Get("X-Amz-Checksum-Sha256")+r.Header.Get("X-Amz-Checksum-Crc32") == "" {
		note += "\nwithout a checksum"
	}
	n.mu.Lock()
	n.asked = append(n.asked, note)
	n.mu.Unlock()
	w.Header().Set("ETag", `"e"`)
	w.Header().Set("X-Amz-Version-Id", "v1")
	switch setting := query.Encode(); {
	case r.Method == http.MethodPut && query.Has("retention"), r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
	case setting == "versioning=":
		_, _ = io.WriteString(w, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`)
	case setting == "object-lock=":
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>8</Years></DefaultRetention></Rule></ObjectLockConfiguration>`)
	case query.Has("retention"):
		_, _ = io.WriteString(w, `<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>COMPLIANCE</Mode><RetainUntilDate>2099-01-01T00:00:00.000Z</RetainUntilDate></Retention>`)
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, "This object proves the lock of its day.\n")
	}
}

// TestALockIsAskedForAsTheSDKDoes compares the requests of a document and of the daily check with those of the SDK's client. It was
// seen red without a header of the lock, without the version of a deletion, and with a retention of another name.
func TestALockIsAskedForAsTheSDKDoes(t *testing.T) {
	t.Parallel()
	var ours, theirs notes
	store := documents.New(&config.ComplianceBlob{Provider: "s3", Bucket: "docs", Endpoint: served(t, &ours), KeyID: "k", KeySecret: "s"}, &config.ComplianceLock{}, "eu-central-1")
	d := document()
	if _, err := store.Put(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := store.CheckLock(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, served(t, &theirs), d, ours.asked)
	if !slices.Equal(ours.asked, theirs.asked) {
		t.Errorf("asked\n%s\n\nthe SDK\n%s", strings.Join(ours.asked, "\n\n"), strings.Join(theirs.asked, "\n\n"))
	}
}

func served(t *testing.T, n *notes) string {
	t.Helper()
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return server.URL
}

// ask asks the same by the SDK. The sample's key and dates are those of what was asked before.
func ask(t *testing.T, endpoint string, d documents.Document, asked []string) {
	t.Helper()
	client := s3.New(s3.Options{Region: "eu-central-1", UsePathStyle: true, BaseEndpoint: &endpoint, Credentials: aws.AnonymousCredentials{}})
	bucket, version, ctx := aws.String("docs"), aws.String("v1"), t.Context()
	put := func(key, contentType string, content []byte, until time.Time) {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, ContentType: &contentType, IfNoneMatch: aws.String("*"), Body: strings.NewReader(string(content)),
			ChecksumSHA256: aws.String(blob.SumOf(content).Header()), ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: &until})
		if err != nil {
			t.Fatal(err)
		}
	}
	retention := func(key string) {
		if _, err := client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: bucket, Key: &key, VersionId: version}); err != nil {
			t.Fatal(err)
		}
	}
	key := documents.DocumentKey(d)
	put(key, d.ContentType, d.Content, documents.RetainUntil(d.Issued, d.Zone))
	retention(key)
	if _, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	sample, _, _ := strings.Cut(strings.TrimPrefix(asked[4], "PUT /docs/"), " ")
	put(sample, "text/plain", []byte("This object proves the lock of its day.\n"), instant(t, asked[4], "X-Amz-Object-Lock-Retain-Until-Date: ", "\n"))
	retention(sample)
	sooner := instant(t, asked[6], "<RetainUntilDate>", "<")
	_, _ = client.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{Bucket: bucket, Key: &sample, VersionId: version,
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeCompliance, RetainUntilDate: &sooner}}) // refused
	_, _ = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &sample, VersionId: version}) // refused
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &sample, VersionId: version})
	if err != nil {
		t.Fatal(err)
	}
	_ = out.Body.Close()
}

// instant is the one in text that stands between two words.
func instant(t *testing.T, text, after, before string) time.Time {
	t.Helper()
	_, rest, _ := strings.Cut(text, after)
	written, _, _ := strings.Cut(rest+before, before)
	at, err := time.Parse(time.RFC3339, written)
	if err != nil {
		t.Fatalf("%s has no instant: %v", text, err)
	}
	return at
}
