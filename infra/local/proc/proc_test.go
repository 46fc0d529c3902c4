package proc_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/proc"
)

func start(t *testing.T, script string, change func(*proc.Options)) *proc.Process {
	t.Helper()
	o := proc.Options{Name: "the script", Path: "/bin/sh", Args: []string{"-c", script}}
	if change != nil {
		change(&o)
	}
	p, err := proc.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p
}

func TestHowAChildEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		code   int
		want   []string // parts of the error; none means no error
	}{
		"a child that succeeds has no error":                {script: "echo fine"},
		"a child that fails is named with its last lines":   {script: "echo one; echo two >&2; exit 3", code: 3, want: []string{"the script", "exit status 3", "one", "two"}},
		"a child that is killed is told by the signal":      {script: "kill -9 $$", code: 137, want: []string{"signal: killed"}},
		"only the last lines of a long output are repeated": {script: "seq 1 100; exit 1", code: 1, want: []string{"\n  89\n", "\n  100"}},
		"a last line without an end is not lost":            {script: "printf half; exit 1", code: 1, want: []string{"half"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, tc.script, nil)
			<-p.Done()
			if got := p.ExitCode(); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			if len(tc.want) == 0 {
				if p.Err() != nil {
					t.Errorf("error %v, want none", p.Err())
				}
				return
			}
			checkExitError(t, p.Err(), tc.want)
		})
	}
}

func checkExitError(t *testing.T, err error, want []string) {
	t.Helper()
	var exit *proc.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("error %v is no ExitError", err)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if slices.Contains(exit.LastLines, "88") {
		t.Error("the error repeats more than the last lines")
	}
}

func TestOutputGoesWhereItIsSent(t *testing.T) {
	var out, errs bytes.Buffer
	p := start(t, "echo to out; echo to err >&2", func(o *proc.Options) { o.Stdout, o.Stderr = &out, &errs })
	<-p.Done()
	if out.String() != "to out\n" || errs.String() != "to err\n" {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
}

// readiness is a writer that hands over the first thing the child wrote.
type readiness chan string

func (r readiness) Write(b []byte) (int, error) {
	select {
	case r <- string(b):
	default:
	}
	return len(b), nil
}

func TestStop(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		code   int
	}{
		"a polite child ends by itself":                 {script: `trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done`, code: 7},
		"a stubborn child is killed after the grace":    {script: `trap '' TERM; echo ready; while :; do sleep 0.01; done`, code: 137},
		"a child's own children do not hold the end up": {script: `trap 'exit 7' TERM; (trap '' TERM; exec sleep 1000) & echo $!; while :; do sleep 0.01; done`, code: 7},
	} {
		t.Run(name, func(t *testing.T) {
			ready := make(readiness, 1)
			p := start(t, tc.script, func(o *proc.Options) { o.Stdout, o.Grace = ready, 300*time.Millisecond })
			first := <-ready
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
			if p.ExitCode() != tc.code {
				t.Errorf("exit code %d, want %d", p.ExitCode(), tc.code)
			}
			if p.Err() != nil {
				t.Errorf("a stop that was asked for is an error: %v", p.Err())
			}
			if grandchild, err := strconv.Atoi(strings.TrimSpace(first)); err == nil {
				waitGone(t, grandchild)
			}
		})
	}
}

func TestAMissingProgramIsAnErrorWithItsName(t *testing.T) {
	_, err := proc.Start(proc.Options{Name: "the tool", Path: "/nowhere/tool"})
	if err == nil || !strings.Contains(err.Error(), "start the tool") {
		t.Errorf("error %v", err)
	}
}
