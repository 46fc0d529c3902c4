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
	c      checkout
	mu     sync.Mutex
	file   *os.File
	begun  bool
	atMost int64
}

// longestLog is how long the log of former runs may be for this one to go on with it, in bytes: make trace reads all of it.
const longestLog = 64 << 20

func openLogs(c checkout) (*logs, error) {
	dir := filepath.Join(c.dir, "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	// Appended to: a second make dev in this folder, which will be refused, must not empty it.
	file, err := os.OpenFile(logFile(c), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	return &logs{c: c, file: file, atMost: longestLog}, err
}

func (l *logs) add(line host.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.begun { // and not before: a second make dev gets here never, and the first one's file is its own
		l.begun = true
		l.setAside()
	}
	fmt.Fprintln(l.file, formatEntry(line))
	if line.RequestID == "" && strings.HasPrefix(line.Line, host.ErrBuild.Error()) {
		fmt.Fprintln(l.c.out, line.Line)
	}
}

// setAside begins a new file when the one of former runs is long; of those, one is kept. What cannot be set aside is gone on with.
func (l *logs) setAside() {
	if info, err := l.file.Stat(); err != nil || info.Size() <= l.atMost {
		return
	}
	if err := os.Rename(logFile(l.c), formerLogFile(l.c)); err != nil {
		fmt.Fprintln(l.c.out, "The log of former runs cannot be set aside:", err)
		return
	}
	if file, err := os.OpenFile(logFile(l.c), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644); err == nil {
		_ = l.file.Close() // it is whole: every line was written at once
		l.file = file
	}
}

func (l *logs) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.Close() // nothing to be done about it
}
