package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fitkit/infra/local/host"
	"fitkit/infra/local/platform"
)

// root is the checkout.
const root = "../.."

// The one platform of the package, with its two studios, and all that its functions ever wrote.
var (
	running   *platform.Platform
	binaries  string // <function>/bootstrap
	a, b      *studio
	analytics *posthog
	redis     *redisDoor
	written   lines
)

// startWithin bounds the start: the first one compiles every function.
const startWithin = 15 * time.Minute

func TestMain(m *testing.M) {
	code, err := within(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func within(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	if binaries, err = build(ctx); err != nil {
		return 1, err
	}
	dir := filepath.Join(root, ".local", "e2e")
	if err := platform.Reset(dir); err != nil {
		return 1, err
	}
	if redis, err = newRedisDoor(); err != nil {
		return 1, err
	}
	defer redis.Close()
	analytics = newPosthog()
	defer analytics.Close()
	environments := redis.environments()
	// These run when a test runs them.
	for _, cron := range []string{cutConnections, endMemberships} {
		environments[cron] = map[string]string{"CRONS_ENABLED": "true"}
	}
	variables := analytics.variables()
	variables["CRONS_ENABLED"] = "false" // nothing but the tests' own requests starts work, or rows would change under them
	running, err = platform.Start(ctx, platform.Options{
		Root: root, Dir: dir, Binaries: binaries, Fast: true, Log: written.add,
		Variables:   variables,
		FunctionEnv: environments,
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	if err := redis.lead(running.Stores.RedisURL); err != nil {
		return 1, err
	}
	if a, b, err = twoStudios(ctx, dir); err != nil {
		return 1, err
	}
	for _, s := range []*studio{a, b} {
		if _, err := s.former(ctx, formerMembers); err != nil {
			return 1, err
		}
	}
	if err := runEnd(ctx); err != nil {
		return 1, err
	}
	code = m.Run()
	for _, sentence := range logged(searchFor(known())) {
		fmt.Println(sentence)
		code = 1
	}
	return code, nil
}

// build makes every function's binary and lays them out as a deployment does, all in one go build that links only what has changed.
// The stamp of the commit is left out: it would have all of them linked again after each.
func build(ctx context.Context) (string, error) {
	bin, err := filepath.Abs(filepath.Join(root, ".local", "bin", "e2e"))
	if err != nil {
		return "", err
	}
	made, laid := filepath.Join(bin, "all"), filepath.Join(bin, "laid")
	if err := os.MkdirAll(made, 0o755); err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"build", "-buildvcs=false", "-tags", "lambda.norpc,timetzdata", "-trimpath", "-ldflags", "-s -w", "-o", made + "/", "./functions/..."},
		{"run", "./infra/tools/pack", "-from", made, "-to", laid},
	} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go %s: %w\n%s", args[0], err, out)
		}
	}
	return laid, nil
}

// lines collects what functions write.
type lines struct {
	mu   sync.Mutex
	all  []host.LogLine
	more chan struct{} // closed when the next line is there; nil while nobody waits
}

func (l *lines) add(line host.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// await waits until what was written is enough.
func (l *lines) await(ctx context.Context, enough func() bool) error {
	for {
		l.mu.Lock()
		if l.more == nil {
			l.more = make(chan struct{})
		}
		more := l.more
		l.mu.Unlock()
		if enough() {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *lines) copy() []host.LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]host.LogLine(nil), l.all...)
}

// about is the lines that hold text, for a failed test to show.
func (l *lines) about(text string) string {
	var found []string
	for _, line := range l.copy() {
		if text != "" && strings.Contains(line.Line, text) {
			found = append(found, line.Line)
		}
	}
	return strings.Join(found, "\n")
}

// figure is how many of something a test does: few on each change, many at night.
func figure(change, night int) int {
	if os.Getenv("NIGHTLY") == "1" {
		return night
	}
	return change
}
