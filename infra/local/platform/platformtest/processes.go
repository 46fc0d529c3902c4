// Package platformtest looks after the processes of a platform under test, by the kernel's table of them (/proc, so
// Linux only).
package platformtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Family gives what identifies each process below parent, by its id.
func Family(t testing.TB, parent int) map[int]string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for grew := true; grew; {
		grew = false
		for _, path := range stats {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // the pattern admits numbers only
			identity, above, lives := readStat(pid)
			_, known := found[pid]
			if _, below := found[above]; lives && !known && (below || above == parent) {
				found[pid], grew = identity, true
			}
		}
	}
	return found
}

// WaitGone fails the test when a process of the family still lives after a while.
func WaitGone(t testing.TB, family map[int]string) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for pid, identity := range family {
		for {
			if now, _, lives := readStat(pid); !lives || now != identity {
				break
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("%s outlived the platform", identity)
			}
		}
	}
}

// readStat gives what tells a process from a later one with the same id, its parent, and whether it lives; a process
// that waits only for its exit code to be read does not.
func readStat(pid int) (identity string, parent int, lives bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	end := strings.LastIndex(string(raw), ")")
	fields := strings.Fields(string(raw[end+1:])) // state, parent, …; the start time is the 20th (proc(5))
	parent, _ = strconv.Atoi(fields[1])
	return string(raw[:end+1]) + " started at " + fields[19], parent, fields[0] != "Z"
}
