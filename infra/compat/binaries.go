package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"fitkit/shared/catalog"
	"fitkit/shared/run"
)

// buildFunctions makes a release's binaries as a deployment does, without the stamp of the commit, which would have all of them
// linked anew after each.
func buildFunctions(ctx context.Context, source, release string) error {
	bin, err := filepath.Abs(filepath.Join(dir, "bin", release))
	if err != nil {
		return err
	}
	return build(ctx, source, "-tags", "lambda.norpc,timetzdata", "-trimpath", "-ldflags", "-s -w", "-o", bin+"/", "./functions/...")
}

func buildDemo(ctx context.Context) error {
	return build(ctx, ".", "-o", filepath.Join(dir, "bin", "demo"), "./infra/demo")
}

func build(ctx context.Context, source string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=false"}, args...)...)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}

// code says which release runs a function.
type code string

const (
	oldCode code = "old"
	newCode code = "new"
	// bothCodes is old and new side by side, as aliases and warm instances have it: every second process of a function is the other.
	bothCodes code = "both"
)

// layOut makes a folder of <function>/bootstrap. A function that its release did not have is not there.
func layOut(name string, codeOf func(run.Spec) code) (folder string, err error) {
	if folder, err = filepath.Abs(filepath.Join(dir, name)); err != nil {
		return "", err
	}
	for _, f := range catalog.All() {
		at := filepath.Join(folder, f.Name)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return "", err
		}
		script, err := bootstrap(f.Name, codeOf(f))
		if err != nil {
			return "", err
		}
		file := filepath.Join(at, "bootstrap")
		if script == "" {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			continue
		}
		if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// bootstrap starts a function's binary of a release, and is "" where the release has no such function. The local host numbers a function's processes in the path of its
// runtime's address.
func bootstrap(function string, c code) (string, error) {
	before, after, err := both(function)
	if err != nil {
		return "", err
	}
	switch {
	case c == oldCode && before == "":
		return "", nil
	case c == oldCode:
		return "#!/bin/sh\nexec '" + before + "'\n", nil
	case c == newCode || before == "":
		return "#!/bin/sh\nexec '" + after + "'\n", nil
	}
	return "#!/bin/sh\ncase ${AWS_LAMBDA_RUNTIME_API##*/} in\n*[13579]) exec '" + before + "' ;;\nesac\nexec '" + after + "'\n", nil
}

// both is where a function's binaries are; before is "" when the former release had none.
func both(function string) (before, after string, err error) {
	if before, err = filepath.Abs(filepath.Join(dir, "bin", "old", function)); err != nil {
		return "", "", err
	}
	if _, err := os.Stat(before); errors.Is(err, fs.ErrNotExist) {
		before = ""
	}
	after, err = filepath.Abs(filepath.Join(dir, "bin", "new", function))
	return before, after, err
}
