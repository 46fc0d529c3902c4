package blob_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"fitkit/shared/blob"
	"fitkit/shared/id"
)

// TestRetriesAreATenthOfAllCallsAtMost: a store that fails every other time is asked again at first, and then seldom.
func TestRetriesAreATenthOfAllCallsAtMost(t *testing.T) {
	t.Parallel()
	const files = 200
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n%2 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
		w.Header().Set("ETag", `"e"`)
	}))
	t.Cleanup(server.Close)
	store := blob.New(blob.Config{Endpoint: server.URL, Region: "auto", Bucket: "b"})
	for range files {
		_, _ = store.Head(t.Context(), blob.NewKey(id.New[id.Org](), "exports", id.New[id.Event]())) // half of them fail
	}
	const first = 3 // retries that a process may begin with
	if extra := n - files; extra < first || extra > files/10+first {
		t.Errorf("%d calls were made for %d files", n, files)
	}
}
