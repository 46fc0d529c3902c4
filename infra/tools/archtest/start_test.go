package archtest_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// maxAllocs is how many allocations a package may make before main: the largest of those that nobody can do without make fifty.
const maxAllocs = 100

var traced = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) bytes, (\d+) allocs$`)

// TestNoPackageMakesTablesBeforeMain builds as a deployment does and starts functions that together link every library, and stops them at their missing settings. What
// a package compiles when the program starts is paid for by every cold start, and no benchmark of a busy machine shows it as surely.
// It was red with the released huma (848 allocations) and with the SDK's clients of SQS (689) and S3 (721).
func TestNoPackageMakesTablesBeforeMain(t *testing.T) {
	t.Parallel()
	names, dir := []string{"api-billing-connect-gateway", "api-org-complete-upload", "api-platform-list-stores", "cron-platform-verify-backup"}, t.TempDir()
	build := exec.Command("go", "build", "-tags", "lambda.norpc,timetzdata", "-o", dir+string(filepath.Separator))
	for _, name := range names {
		build.Args = append(build.Args, "fitkit/functions/"+name)
	}
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range names {
		start := exec.Command(filepath.Join(dir, name))
		start.Env = []string{"GODEBUG=inittrace=1"}
		said, err := start.CombinedOutput()
		lines := traced.FindAllStringSubmatch(string(said), -1)
		if err == nil || len(lines) < 20 {
			t.Fatalf("%s started without settings, or told nothing: %v\n%s", name, err, said)
		}
		for _, l := range lines {
			if n, _ := strconv.Atoi(l[3]); n > maxAllocs {
				t.Errorf("%s: %s makes %d allocations (%s bytes) before main", name, l[1], n, l[2])
			}
		}
	}
}
