package proc

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// tailLines is how much of a failed child's output its error repeats.
const tailLines = 12

// ExitError tells how a child ended that was not asked to, with the last lines it wrote.
type ExitError struct {
	Name      string
	Cause     error // usually an *exec.ExitError
	LastLines []string
}

// Error is one sentence, followed by the child's last lines when it wrote any.
func (e *ExitError) Error() string {
	head := fmt.Sprintf("%s ended: %v", e.Name, e.Cause)
	if len(e.LastLines) == 0 {
		return head
	}
	return head + "\n  " + strings.Join(e.LastLines, "\n  ")
}

// Unwrap gives the cause.
func (e *ExitError) Unwrap() error { return e.Cause }

// tail remembers the last complete lines of everything written through its tees.
type tail struct {
	mu   sync.Mutex
	max  int
	kept []string
	part []byte // the line that has not ended yet
}

// longestLine bounds what a line without an end may take in memory, in bytes.
const longestLine = 4096

// tee gives a writer that passes everything on to w, which may be nil, and remembers it.
func (t *tail) tee(w io.Writer) io.Writer {
	if w == nil {
		return t
	}
	return io.MultiWriter(t, w)
}

// Write takes output in pieces of any size; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, b...)
	for {
		line, rest, ended := bytes.Cut(t.part, []byte("\n"))
		if !ended && len(line) < longestLine {
			return len(b), nil
		}
		t.keep(string(line))
		t.part = append([]byte(nil), rest...)
	}
}

func (t *tail) keep(line string) {
	if line = strings.TrimRight(line, "\r "); line == "" {
		return
	}
	t.kept = append(t.kept, line)
	if len(t.kept) > t.max {
		t.kept = t.kept[1:]
	}
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep(string(t.part))
	t.part = nil
	return append([]string(nil), t.kept...)
}
