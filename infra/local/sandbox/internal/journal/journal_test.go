package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func open(t *testing.T, path string) (*Journal, []string) {
	t.Helper()
	var lines []string
	j, err := Open(path, false, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return j, lines
}

func TestLinesOfManyWritersAreAllThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "journal.jsonl")
	j, _ := open(t, path)
	var writers sync.WaitGroup
	for i := range 200 {
		writers.Go(func() {
			if err := j.Append(fmt.Appendf(nil, "%03d", i)).Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	// Read while the journal is still open: a waited line may not depend on an orderly end.
	held, lines := open(t, path)
	if slices.Sort(lines); len(lines) != 200 || lines[0] != "000" || lines[199] != "199" {
		t.Fatalf("got %d lines, first and last %v", len(lines), lines[:min(1, len(lines))])
	}
	for _, j := range []*Journal{held, j} {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALineCutByACrashIsDroppedAndTheNextOneStartsClean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	if err := os.WriteFile(path, []byte("whole\nhalf of a longer line"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, lines := open(t, path)
	if !slices.Equal(lines, []string{"whole"}) {
		t.Fatalf("replayed %q", lines)
	}
	if err := j.Append([]byte("next")).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "whole\nnext\n" {
		t.Fatalf("after the crash the file is %q, %v", text, err)
	}
}

func TestTruncateForgetsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, _ := open(t, path)
	for _, step := range []func() error{
		func() error { return j.Append([]byte("old")).Wait() },
		j.Truncate,
		func() error { return j.Append([]byte("new")).Wait() },
		j.Close,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if _, lines := open(t, path); !slices.Equal(lines, []string{"new"}) {
		t.Fatalf("replayed %q", lines)
	}
}

func TestAppendAfterCloseIsAnErrorNotASilentLoss(t *testing.T) {
	j, _ := open(t, filepath.Join(t.TempDir(), "journal.jsonl"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append([]byte("late")).Wait(); err == nil {
		t.Fatal("a line that was never written was reported as kept")
	}
}
