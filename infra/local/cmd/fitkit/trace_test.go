package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/host"
)

// written is a checkout whose functions wrote these lines.
func written(t *testing.T, lines ...host.LogLine) checkout {
	t.Helper()
	c := checkout{dir: t.TempDir(), out: io.Discard, err: io.Discard}
	l, err := openLogs(c)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, line := range lines {
		l.add(line)
	}
	return c
}

func at(second int) time.Time { return time.Date(2026, 11, 23, 10, 0, second, 0, time.UTC) }

var example = []host.LogLine{
	{Function: "job-x", RequestID: "r2", Time: at(3), Line: `{"msg":"invocation","fn":"job-x","correlation_id":"the-request"}`},
	{Function: "api-x", RequestID: "r1", Time: at(1), Line: `{"msg":"invocation","fn":"api-x","correlation_id":"the-request"}`},
	{Function: "api-x", RequestID: "r1", Time: at(2), Line: `{"type":"platform.report"}`},
	{Function: "job-x", RequestID: "r2", Time: at(3), Line: `{"msg":"invocation","fn":"job-x","correlation_id":"another-request"}`},
	{Function: "job-y", RequestID: "r2", Time: at(4), Line: "the same request id, of another function"},
	{Function: "job-y", Time: at(0), Line: "before the first invocation"},
}

func TestATraceIsAllLinesOfARequestInTheOrderOfTime(t *testing.T) {
	c := written(t, example...)
	var out strings.Builder
	c.out = &out
	if err := trace(context.Background(), c, []string{"the-request"}); err != nil {
		t.Fatal(err)
	}
	want := formatEntry(example[1]) + "\n" + formatEntry(example[2]) + "\n" + formatEntry(example[0]) + "\n"
	if out.String() != want {
		t.Errorf("traced\n%swant\n%s", out.String(), want)
	}
}

func TestATraceThatFindsNothingSaysWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		c    checkout
		args []string
		want string
	}{
		"no id is given":              {written(t), nil, "Which request?"},
		"an empty id is given":        {written(t), []string{""}, "Which request?"},
		"nobody wrote the id":         {written(t, example...), []string{"unheard-of"}, "No line names the correlation id unheard-of."},
		"nothing was ever started":    {checkout{dir: t.TempDir()}, []string{"x"}, "Start FitKit with make dev."},
		"a part of an id is no match": {written(t, example...), []string{"the-req"}, "No line names"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := trace(context.Background(), tc.c, tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("said %v, want %q", err, tc.want)
			}
		})
	}
}

func TestLogsOfOneFunction(t *testing.T) {
	c := written(t, example...)
	var out strings.Builder
	c.out = &out
	if err := showLogs(context.Background(), c, []string{"-fn", "api-x"}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 2 || strings.Contains(out.String(), "job-") {
		t.Errorf("showed\n%s", out.String())
	}
}

func TestALogIsFollowedAsItGrows(t *testing.T) {
	c := written(t, example[0])
	seen, sink := io.Pipe()
	c.out = sink
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- showLogs(ctx, c, []string{"-follow"}) }()
	read := func() string {
		b := make([]byte, longestEntry)
		n, err := seen.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	if first := read(); !strings.Contains(first, example[0].Line) {
		t.Fatalf("read %q", first)
	}
	l, err := openLogs(c)
	if err != nil {
		t.Fatal(err)
	}
	l.add(example[1])
	l.close()
	if next := read(); !strings.Contains(next, example[1].Line) {
		t.Fatalf("read %q", next)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "logs", "functions.log")); err != nil {
		t.Error(err)
	}
}

// Red when the file went on growing, when each run began a new one, when the former file was lost to a trace, and when a run
// that wrote nothing, as a second make dev before it is refused, set it aside.
func TestALongLogIsSetAsideByTheRunThatWrites(t *testing.T) {
	c := written(t, example[1])
	for i, line := range []host.LogLine{example[2], example[0]} {
		l, err := openLogs(c)
		if err != nil {
			t.Fatal(err)
		}
		refused, err := openLogs(c)
		if err != nil {
			t.Fatal(err)
		}
		refused.atMost = 0
		refused.close()
		if i == 1 {
			l.atMost = 10
		}
		l.add(line)
		l.add(line)
		l.close()
	}
	for file, want := range map[string]int{formerLogFile(c): 3, logFile(c): 2} {
		text, err := os.ReadFile(file)
		if got := strings.Count(string(text), "\n"); err != nil || got != want {
			t.Errorf("%s has %d lines, want %d (%v)", file, got, want, err)
		}
	}
	var out strings.Builder
	c.out = &out
	if err := trace(t.Context(), c, []string{"the-request"}); err != nil || strings.Count(out.String(), "\n") != 5 {
		t.Errorf("traced\n%s%v", out.String(), err)
	}
}
