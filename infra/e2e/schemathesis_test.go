package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryAnswerIsDocumented has schemathesis call all of docs/openapi.yaml with input that the document allows and input
// that it does not, alone and in sequences, as an owner, as one of FitKit's own people and with no sign-in (at night as every role): no server error, no
// status, media type or body that the document does not name, nothing invalid accepted. It works on a studio of its own,
// which it leaves in ruins. As one of FitKit's own it has been seen red with a misspelt queue answered 500.
func TestEveryAnswerIsDocumented(t *testing.T) {
	making(t, "schemathesis")
	studio, err := newStudio(t.Context(), filepath.Join(root, ".local", "e2e"), "הרוס", "ruined")
	if err != nil {
		t.Fatal(err)
	}
	seed := uint32(1) // a change is judged by the same requests as the one before it
	if os.Getenv("NIGHTLY") == "1" || os.Getenv("E2E_SEED") != "" {
		seed = seeded(t).Uint32()
	}
	roles := []string{"owner", platformAdmin, "manager", "front_desk", "coach", "member"}[:figure(2, 6)]
	for _, role := range roles {
		t.Run(role, func(t *testing.T) { schemathesis(t, studio, role, fmt.Sprint(seed)) })
	}
}

func schemathesis(t *testing.T, s *studio, role, seed string) {
	bin, folder := absolute(t, ".local/schemathesis/bin/schemathesis"), absolute(t, "infra/e2e/schemathesis")
	args := []string{"--config-file", filepath.Join(folder, "schemathesis.toml"), "run", absolute(t, "docs/openapi.yaml"),
		"--url", running.Addresses.API, "--seed", seed,
		// One worker: with two, its own reading of Python sources failed once ("AST constructor recursion depth mismatch").
		"--max-examples", fmt.Sprint(figure(3, 100)), "--workers", "1", "--no-color", "--continue-on-failure"}
	if role == platformAdmin { // who belongs to no studio
		args = append(args, "--include-path-regex", "^/v1/admin/")
	}
	cmd := exec.CommandContext(t.Context(), bin, args...)
	cmd.Dir = t.TempDir() // it keeps a cache where it runs
	cmd.Env = append(os.Environ(), "PYTHONPATH="+folder, "PYTHONDONTWRITEBYTECODE=1", "FITKIT_TOKEN="+s.tokens[role], "FITKIT_ORG="+s.Org, "FITKIT_ROLE="+role)
	out, err := cmd.CombinedOutput()
	report := string(out)
	for _, line := range strings.Split(report, "\n") {
		if strings.Contains(line, "Seed:") || strings.Contains(line, "generated") || strings.Contains(line, "selected") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Fatalf("as %s, %v\n%s", role, err, report)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return whole
}
