package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// making runs a target of the Makefile: what a test needs beside Go is installed there, in one place.
func making(t *testing.T, target string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "-s", target)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
}

// TestTheTypeScriptClient runs @fitkit/shared's own tests under Node, and then uses it against this platform as a front end
// does: clients/typescript/test/live.
func TestTheTypeScriptClient(t *testing.T) {
	making(t, "client-test")
	cmd := exec.CommandContext(t.Context(), "npm", "run", "--silent", "test:live")
	cmd.Dir = filepath.Join(root, "clients", "typescript")
	cmd.Env = append(os.Environ(), "FITKIT_API="+running.Addresses.API, "FITKIT_CLERK="+running.Addresses.Clerk,
		"FITKIT_USER="+a.Studio.Users["owner"], "FITKIT_ORGANISATION="+a.Studio.Organization)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
