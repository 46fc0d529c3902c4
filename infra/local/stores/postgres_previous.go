package stores

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// endPrevious ends a server that still runs on this data. We hold the folder's lock, so its
// platform is dead and it is ending, or was left by a system that could not end it.
func (h home) endPrevious(ctx context.Context) error {
	raw, err := os.ReadFile(filepath.Join(h.data(), "postmaster.pid"))
	if err != nil {
		return nil // the usual case: the last server ended in order
	}
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || pid <= 1 || !h.servedBy(pid) {
		return nil // PostgreSQL itself recognises a file that was left by a crash
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := syscall.Kill(pid, sig); err != nil {
			return nil // gone meanwhile
		}
		for range 100 {
			if !h.servedBy(pid) {
				return nil
			}
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("an older PostgreSQL (process %d) still runs on %s and does not end", pid, h.data())
}

// servedBy says whether process pid is a server on this data: a server's working folder is
// its data. Its id may belong to any other process by now.
func (h home) servedBy(pid int) bool {
	folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && folder == h.data()
}
