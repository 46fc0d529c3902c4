package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// checkout copies the little module in testdata to a folder that the test may change.
func checkout(t *testing.T) (root string, f template.Function) {
	t.Helper()
	root = t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/module")); err != nil {
		t.Fatal(err)
	}
	return root, template.Function{Name: "hello", LambdaName: "hello", CodeDir: filepath.Join(root, "bin/hello"), Timeout: 30 * time.Second}
}

func save(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAFunctionIsRebuiltWhenAPackageItLinksChanges(t *testing.T) {
	root, f := checkout(t)
	h := start(t, host.Options{Functions: []template.Function{f}, Builder: &host.GoBuilder{Root: root}})
	if _, r := invoke(t, h, "hello", "{}"); string(r.Payload) != `"one"` {
		t.Fatalf("first build answers %s", r.Payload)
	}
	old := h.Processes("hello")
	greet := filepath.Join(root, "greet/greet.go")
	save(t, greet, "package greet\n\nconst Word = \"two\"\n")
	h.Rescan()
	if _, r := invoke(t, h, "hello", "{}"); string(r.Payload) != `"two"` {
		t.Errorf("after the change it answers %s", r.Payload)
	}
	if now := h.Processes("hello"); len(now) == 1 && now[0] == old[0] {
		t.Error("the old process is still in use")
	}
	save(t, greet, "package greet\n\nconst Word = nonsense\n")
	h.Rescan()
	for range 2 {
		if _, err := h.Invoke(t.Context(), "hello", nil); !errors.Is(err, host.ErrBuild) || !strings.Contains(err.Error(), "undefined: nonsense") {
			t.Errorf("a package that does not compile: %v", err)
		}
	}
	complaints := 0
	for _, l := range h.Logs().Last("hello", 100) {
		complaints += strings.Count(l.Line, "undefined: nonsense")
	}
	if complaints != 1 {
		t.Errorf("the compiler's text is in the log %d times", complaints)
	}
	save(t, greet, "package greet\n\nconst Word = \"three\"\n")
	h.Rescan()
	if _, r := invoke(t, h, "hello", "{}"); string(r.Payload) != `"three"` {
		t.Errorf("after the repair it answers %s", r.Payload)
	}
}

func TestConcurrentFirstRequestsWaitForOneBuild(t *testing.T) {
	root, f := checkout(t)
	h := start(t, host.Options{Functions: []template.Function{f}, Builder: &host.GoBuilder{Root: root}})
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { invoke(t, h, "hello", "{}") })
	}
	all.Wait()
	builds := 0
	for _, l := range h.Logs().Last("hello", 100) {
		builds += strings.Count(l.Line, "built in")
	}
	if builds != 1 {
		t.Errorf("%d builds", builds)
	}
}
