package stores

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestInstall(t *testing.T) {
	errBroken := errors.New("the network is down")
	write := func(content string) func(string) error {
		return func(tmp string) error { return os.WriteFile(filepath.Join(tmp, "tool"), []byte(content), 0o755) }
	}
	for name, tc := range map[string]struct {
		before func(t *testing.T, cache string)
		build  func(t *testing.T, cache string) func(tmp string) error
		want   string // content of the tool; empty means not installed
		err    error
	}{
		"what is not there is built": {
			build: func(*testing.T, string) func(string) error { return write("new") }, want: "new",
		},
		"what is there is not built again": {
			before: func(t *testing.T, cache string) { mustInstall(t, cache, write("old")) },
			build:  func(*testing.T, string) func(string) error { return write("new") }, want: "old",
		},
		"a failed build leaves nothing": {
			build: func(*testing.T, string) func(string) error {
				return func(tmp string) error { return errors.Join(write("half")(tmp), errBroken) }
			}, err: errBroken,
		},
		"another checkout that was faster wins": {
			build: func(t *testing.T, cache string) func(string) error {
				return func(tmp string) error {
					mustInstall(t, cache, write("theirs"))
					return write("ours")(tmp)
				}
			}, want: "theirs",
		},
		"what a killed installation left is swept away": {
			before: func(t *testing.T, cache string) { mustLeave(t, filepath.Join(cache, unfinished+"1")) },
			build:  func(*testing.T, string) func(string) error { return write("new") }, want: "new",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			if tc.before != nil {
				tc.before(t, cache)
			}
			folder, err := install(cache, "tool-1", tc.build(t, cache))
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			got, _ := os.ReadFile(filepath.Join(cache, "tool-1", "tool"))
			if string(got) != tc.want || (tc.want != "" && folder != filepath.Join(cache, "tool-1")) {
				t.Errorf("installed %q in %s, want %q", got, folder, tc.want)
			}
			if left, _ := filepath.Glob(filepath.Join(cache, unfinished+"*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func mustInstall(t *testing.T, cache string, build func(string) error) {
	t.Helper()
	if _, err := install(cache, "tool-1", build); err != nil {
		t.Fatal(err)
	}
}

// mustLeave makes a folder as a killed installation left it two days ago.
func mustLeave(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingToolIsNamedInOneSentence(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := &runner{cache: t.TempDir()}
	_, redisErr := r.redisServer(t.Context())
	if !errors.Is(redisErr, errNoPip) {
		t.Errorf("without Python: %v", redisErr)
	}
	if err := r.sqs(t.Context(), &Stores{}); !errors.Is(err, errNoNode) {
		t.Errorf("without Node: %v", err)
	}
	if _, err := r.installFauxqs(t.Context()); !errors.Is(err, errNoNPM) {
		t.Errorf("without npm: %v", err)
	}
}
