package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// errNoHistory is a clone that does not reach back to a former release.
var errNoHistory = errors.New("this clone has no former release to compare with: get its history (git fetch --unshallow --tags) or name one by BASE=")

// release is a commit that was, or could have been, deployed.
type release struct{ commit, subject string }

func (r release) String() string { return fmt.Sprintf("%.7s %q", r.commit, r.subject) }

// findBase takes what was asked for, the newest release tag, or the commit before the last change of the schema.
func findBase(ctx context.Context, asked string) (release, error) {
	for _, name := range []func() (string, error){
		func() (string, error) { return asked, nil },
		func() (string, error) { return git(ctx, "describe", "--tags", "--abbrev=0", "--match", "release*") },
		func() (string, error) {
			last, err := git(ctx, "log", "-1", "--format=%H", "--", "migrations/*.sql")
			return last + "^", err
		},
	} {
		at, err := name()
		if err != nil || at == "" || at == "^" {
			continue
		}
		commit, err := git(ctx, "rev-parse", "--verify", "--quiet", at+"^{commit}")
		if err == nil {
			subject, err := git(ctx, "log", "-1", "--format=%s", commit)
			return release{commit, subject}, err
		}
		if at == asked {
			return release{}, fmt.Errorf("%w; it does not know %s", errNoHistory, asked)
		}
	}
	return release{}, errNoHistory
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	return strings.TrimSpace(string(out)), err
}

// migrationsSince is how many migrations this checkout has that the release did not.
func migrationsSince(source string) (int, error) {
	then, err := filepath.Glob(filepath.Join(source, "migrations", "*.sql"))
	if err != nil {
		return 0, err
	}
	now, err := filepath.Glob(filepath.Join("migrations", "*.sql"))
	return len(now) - len(then), err
}

// unpack lays the release's files out in a folder.
func unpack(ctx context.Context, commit, folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	archive, err := exec.CommandContext(ctx, "git", "archive", "--format=tar", commit).Output()
	if err != nil {
		return fmt.Errorf("read %s from git: %w", commit, err)
	}
	tar := exec.CommandContext(ctx, "tar", "-x", "-C", folder)
	tar.Stdin = bytes.NewReader(archive)
	if out, err := tar.CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w\n%s", commit, err, out)
	}
	return nil
}

// allButTheLast copies this checkout's migrations into a folder, but for the newest.
func allButTheLast(folder string) (string, error) {
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join("migrations", "*.sql")) // in the order of their numbers
	if err != nil {
		return "", err
	}
	for _, file := range files[:len(files)-1] {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), text, 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}
