package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fitkit/infra/local/stores"
)

func TestTheCommandRunsBesideTheStores(t *testing.T) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM)
	t.Cleanup(func() { signal.Stop(signals) })
	for name, tc := range map[string]struct {
		script string
		code   int
	}{
		"its exit code is ours":            {script: "exit 5", code: 5},
		"a signal is passed on to it":      {script: `trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.01; done`, code: 9},
		"one that a signal ends is 128+n":  {script: `kill -INT $$`, code: 130},
		"it finds the stores in variables": {script: `case "$TEST_DATABASE_ADMIN_URL $TEST_REDIS_URL $TEST_SQS_ENDPOINT_URL $TEST_S3_ENDPOINT_URL" in "postgres://given redis://127.0.0.1:"*" http://given http://given") exit 0;; esac; exit 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(databaseVar, "postgres://given")
			t.Setenv(sqsVar, "http://given")
			t.Setenv(s3Var, "http://given")
			code, err := run(t.TempDir(), false, true, []string{"/bin/sh", "-c", tc.script}, signals)
			if err != nil || code != tc.code {
				t.Errorf("exit code %d (%v), want %d", code, err, tc.code)
			}
		})
	}
}

func TestAMissingCommandIsAnError(t *testing.T) {
	given(t)
	code, err := run(t.TempDir(), false, true, []string{"/nowhere/tool"}, nil)
	if err == nil || code != 127 {
		t.Errorf("exit code %d, error %v", code, err)
	}
}

func TestDataIsKeptOnlyWhenAsked(t *testing.T) {
	given(t)
	for name, keep := range map[string]bool{"with -keep it stays": true, "without it goes": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mark := filepath.Join(dir, "redis", "mark")
			script := "mkdir -p " + filepath.Dir(mark) + " && touch " + mark
			if code, err := run(dir, keep, true, []string{"/bin/sh", "-c", script}, nil); code != 0 || err != nil {
				t.Fatalf("exit code %d, error %v", code, err)
			}
			if _, err := os.Stat(mark); (err == nil) != keep {
				t.Errorf("after the run: %v", err)
			}
		})
	}
}

func TestARunningPlatformIsNotDisturbed(t *testing.T) {
	given(t)
	dir := t.TempDir()
	s, err := stores.Start(t.Context(), stores.Options{Dir: dir, AdminURL: "postgres://given", RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	code, err := run(dir, false, true, []string{"/bin/true"}, nil)
	if code == 0 || err == nil || !strings.Contains(err.Error(), "already runs from this folder") {
		t.Errorf("exit code %d, error %v", code, err)
	}
}

// given sets every store's address, so that none is started.
func given(t *testing.T) {
	t.Helper()
	t.Setenv(databaseVar, "postgres://given")
	t.Setenv(redisVar, "redis://given")
	t.Setenv(sqsVar, "http://given")
	t.Setenv(s3Var, "http://given")
}
