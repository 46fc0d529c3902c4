package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"fitkit/infra/local/host"
)

// logs writes what functions say to logs/functions.log: the time, the function, the invocation and the line. A function that does not compile is told at once as well.
type logs struct {
	c    checkout
	mu   sync.Mutex
	file *os.File
}

func openLogs(c checkout) (*logs, error) {
	dir := filepath.Join(c.dir, "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// Appended to: a second make dev in this folder, which will be refused, must not empty it.
	file, err := os.OpenFile(logFile(c), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	return &logs{c: c, file: file}, err
}

func (l *logs) add(line host.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.file, formatEntry(line))
	if line.RequestID == "" && strings.HasPrefix(line.Line, host.ErrBuild.Error()) {
		fmt.Fprintln(l.c.out, line.Line)
	}
}

func (l *logs) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.Close() // nothing to be done about it
}
