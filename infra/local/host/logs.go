package host

import (
	"bytes"
	"sync"
	"time"
)

// maxLine is how much of one line of output is kept, in bytes: Lambda's own limit.
const maxLine = 256 << 10

// keptLines is how many lines are remembered over all functions.
const keptLines = 20_000

// LogLine is one line of a function's output.
type LogLine struct {
	Function  string    `json:"function"`
	RequestID string    `json:"requestId"`
	Time      time.Time `json:"time"` // UTC
	Line      string    `json:"line"`
}

// Logs is a ring of the last lines.
type Logs struct {
	sink func(LogLine)

	mu    sync.Mutex
	lines []LogLine
	at    int // where the next line goes once the ring is full
}

func newLogs(sink func(LogLine)) *Logs { return &Logs{sink: sink} }

func (l *Logs) add(line LogLine) {
	line.Time = line.Time.UTC()
	l.mu.Lock()
	if len(l.lines) < keptLines {
		l.lines = append(l.lines, line)
	} else {
		l.lines[l.at] = line
		l.at = (l.at + 1) % keptLines
	}
	l.mu.Unlock()
	if l.sink != nil {
		l.sink(line)
	}
}

// Last gives up to n of the newest lines, oldest first; an empty function means all functions.
func (l *Logs) Last(function string, n int) []LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []LogLine{}
	for i := range l.lines {
		line := l.lines[(l.at+i)%len(l.lines)]
		if function == "" || line.Function == function {
			found = append(found, line)
		}
	}
	return found[max(0, len(found)-n):]
}

// lineWriter cuts a process's output into lines.
type lineWriter struct {
	logs    *Logs
	process *process
	part    []byte
}

// Write takes output in pieces of any size; it never fails. Lines longer than maxLine are cut in pieces.
func (w *lineWriter) Write(b []byte) (int, error) {
	n := len(b)
	for {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		w.part = append(w.part, line...)
		if ended || len(w.part) >= maxLine {
			w.flush()
		}
		if !ended {
			return n, nil
		}
		b = rest
	}
}

func (w *lineWriter) flush() {
	if text := string(bytes.TrimRight(w.part, "\r")); text != "" {
		w.process.function.figures.read(w.part, time.Now())
		w.logs.add(LogLine{Function: w.process.function.Name, RequestID: w.process.requestID(), Time: time.Now(), Line: text})
	}
	w.part = w.part[:0]
}
