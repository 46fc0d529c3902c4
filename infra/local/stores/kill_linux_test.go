package stores

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asPlatform makes this test binary run the stores in the folder it names, print the
// database's URL and wait to be killed.
const asPlatform = "FITKIT_STORES_TEST_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(asPlatform)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.AdminURL)
	select {}
}

func TestNoStoreOutlivesAKilledPlatform(t *testing.T) {
	dir := dirFor(t)
	platform, adminURL := startPlatform(t, dir)
	ask(t, adminURL, writeName)
	family := descendants(t, platform.Process.Pid)
	if len(family) < 3 {
		t.Fatalf("only %d processes run: %v", len(family), family)
	}
	if err := platform.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = platform.Wait()

	// At once, while the killed platform's stores may still be ending.
	s := startStores(t, Options{Dir: dir})
	if got := ask(t, s.AdminURL, readName); got != "סטודיו" {
		t.Errorf("read %q", got)
	}
	for pid, name := range family {
		waitGone(t, pid, name)
	}
}

func startPlatform(t *testing.T, dir string) (platform *exec.Cmd, adminURL string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	platform = exec.Command(self)
	platform.Env = append(os.Environ(), asPlatform+"="+dir)
	platform.Stderr = os.Stderr
	out, err := platform.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := platform.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = platform.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the platform did not start: %v", err)
	}
	return platform, strings.TrimSpace(line)
}

// descendants gives the names, with start times, of all processes below parent.
func descendants(t *testing.T, parent int) map[int]string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for grew := true; grew; {
		grew = false
		for _, path := range stats {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			identity, above, _ := readStat(pid)
			_, known := found[pid]
			if _, below := found[above]; !known && (below || above == parent) {
				found[pid], grew = identity, true
			}
		}
	}
	return found
}

// readStat gives what tells a process from a later one with the same id, its parent, and
// whether it lives; a process that waits only for its exit code to be read does not.
func readStat(pid int) (identity string, parent int, lives bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	end := strings.LastIndex(string(raw), ")")
	fields := strings.Fields(string(raw[end+1:])) // state, parent, …; the start time is the 20th
	parent, _ = strconv.Atoi(fields[1])
	return string(raw[:end+1]) + " started at " + fields[19], parent, fields[0] != "Z"
}

func waitGone(t *testing.T, pid int, identity string) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		if now, _, lives := readStat(pid); !lives || now != identity {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s outlived the platform", identity)
		}
	}
}
