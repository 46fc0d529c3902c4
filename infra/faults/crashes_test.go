package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crashes are the orders that the functions' crash hooks read, a file for each function, and the log of those obeyed.
type crashes struct{ dir, log string }

func newCrashes(t testing.TB) crashes {
	dir := t.TempDir()
	return crashes{dir, filepath.Join(dir, "log")}
}

func (c crashes) orders(function string) string { return filepath.Join(c.dir, function) }

// order gives a function its orders, in place of those it had; none lets it live. The file changes as a whole, for a
// worker that read half an order would obey another one.
func (c crashes) order(t testing.TB, function string, lines ...string) {
	t.Helper()
	fresh := c.orders(function) + ".new"
	if err := os.WriteFile(fresh, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, c.orders(function)); err != nil {
		t.Fatal(err)
	}
}

// counted is how often each point was obeyed.
func (c crashes) counted(t testing.TB) map[string]int {
	t.Helper()
	log, err := os.ReadFile(c.log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for point := range strings.Lines(string(log)) {
		counts[strings.TrimSpace(point)]++
	}
	return counts
}
