package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// root is the checkout.
const root = "../.."

// The functions that move money and those that come after them.
const (
	execute = "job-billing-execute-charge"
	resolve = "job-billing-resolve-unknown"
	dunning = "job-billing-run-dunning-step"
	sweep   = "cron-billing-sweep-unknown"
	dun     = "cron-billing-run-dunning"
	relay   = "cron-job-relay"
)

// reencrypt moves no money, but what money moves with: credentials and card tokens.
const reencrypt = "job-platform-reencrypt"

var functions = []string{execute, resolve, dunning, sweep, dun, relay, reencrypt}

// compiled makes the binaries once for all tests of a run. They stay, so that the next run links only what changed.
var compiled = sync.OnceValues(func() (string, error) {
	bin, err := filepath.Abs(filepath.Join(root, ".local", "bin", "faults"))
	if err != nil {
		return "", err
	}
	builder := &host.GoBuilder{Root: root, Tags: []string{"fitkit_testhooks"}}
	var all []template.Function
	for _, name := range functions {
		all = append(all, template.Function{Name: name, CodeDir: filepath.Join(bin, name)})
	}
	// Looking at the sources here tells go test that its result depends on them: the functions are no part of this binary.
	if _, err := builder.Fingerprints(context.Background(), all); err != nil {
		return "", err
	}
	var building sync.WaitGroup
	failed := make([]error, len(all))
	for i, f := range all {
		building.Go(func() { failed[i] = builder.Build(context.Background(), f) })
	}
	building.Wait()
	return bin, errors.Join(errors.Join(failed...), buildSandbox(bin))
})

func buildSandbox(bin string) error {
	cmd := exec.Command("go", "build", "-o", filepath.Join(bin, "cardcom"), "./infra/local/sandbox/cardcom")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build Cardcom's sandbox: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// binaries is the folder of the functions and the sandbox.
func binaries(t testing.TB) string {
	t.Helper()
	bin, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// figure is how many of something a test does: few on each change, many with NIGHTLY=1.
func figure(change, night int) int {
	if os.Getenv("NIGHTLY") == "1" {
		return night
	}
	return change
}
