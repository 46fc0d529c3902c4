package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"fitkit/infra/local/proc"
)

// systemState is where root's data and programs go: PostgreSQL refuses to run as root, and
// the user it runs as cannot look into root's home.
const systemState = "/var/lib/fitkit"

// DefaultCacheDir is where installed programs are kept for all checkouts of this user.
func DefaultCacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join(systemState, "cache"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep downloads in: %w", err)
	}
	return filepath.Join(dir, "fitkit"), nil
}

// install gives cache/name, and has it built first when it is not there. What build makes in
// its temporary folder appears under the name in one step and whole, or not at all.
func install(cache, name string, build func(tmp string) error) (string, error) {
	final := filepath.Join(cache, name)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	sweep(cache)
	tmp, err := os.MkdirTemp(cache, unfinished)
	if err != nil {
		return "", fmt.Errorf("make a temporary folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", err
	}
	if err := build(tmp); err != nil {
		return "", err
	}
	err = os.Rename(tmp, final)
	if _, there := os.Stat(final); there == nil {
		return final, nil // by us, or by another checkout that was faster
	}
	return "", fmt.Errorf("keep %s: %w", name, err)
}

const unfinished = ".unfinished-"

// sweep deletes what killed installations left. A day is longer than any installation takes.
func sweep(cache string) {
	left, _ := filepath.Glob(filepath.Join(cache, unfinished+"*"))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(path)
		}
	}
}

// runTool runs a program to its end.
func runTool(ctx context.Context, o proc.Options) error {
	p, err := proc.Start(o)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		return p.Err()
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Stop())
	}
}
