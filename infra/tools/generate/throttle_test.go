package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"fitkit/infra/local/template"
	"fitkit/shared/postgres"
)

// Red without the stage's settings: whoever floods the API takes the account's concurrency and the database's connections.
func TestTheHTTPAPITakesSoManyRequestsASecond(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Parameters map[string]map[string]string `yaml:"Parameters"`
		Resources  struct {
			Stage struct {
				Properties struct {
					Limits map[string]string `yaml:"DefaultRouteSettings"`
				} `yaml:"Properties"`
			} `yaml:"HttpStage"`
		} `yaml:"Resources"`
	}
	_ = yaml.Unmarshal(raw, &root) // parameters with lists of values are passed over
	for setting, parameter := range map[string]string{"ThrottlingRateLimit": "ApiRatePerSecond", "ThrottlingBurstLimit": "ApiBurst"} {
		if got := root.Resources.Stage.Properties.Limits[setting]; got != parameter { // !Ref
			t.Errorf("%s is %q, want the parameter %s", setting, got, parameter)
		}
		if n, err := strconv.Atoi(root.Parameters[parameter]["Default"]); err != nil || n < 1 {
			t.Errorf("%s is not limited: %q", parameter, root.Parameters[parameter]["Default"])
		}
	}
}

// What there is to go round, as docs/deploy.md says it.
const (
	poolerTakes   = 10_000 // connections of clients at Neon's pooler
	lambdaAtOnce  = 1000   // processes of an account that work at once, unless somebody has the quota raised
	releasesAlive = 2      // Lambda keeps processes of the release before for some minutes, with their connections
)

// TestAllFunctionsTogetherFindAConnection (T10): queues at their MaximumConcurrency, every schedule as often at once as its time lets
// it, and requests on all processes that an account has, each process with its pools full, stay under what the pooler takes.
// It was seen red with DbPoolMax 8, and with a queue without MaximumConcurrency.
func TestAllFunctionsTogetherFindAConnection(t *testing.T) {
	p := load(t)
	pools := func(f template.Function) (n int) {
		if _, ok := f.Env["DATABASE_URL"]; ok {
			each, err := strconv.Atoi(f.Env["DB_POOL_MAX"])
			if err != nil {
				t.Fatalf("%s: DB_POOL_MAX: %v", f.Name, err)
			}
			n += each
		}
		if _, ok := f.Env["SYSTEM_DATABASE_URL"]; ok {
			n += postgres.SystemConns
		}
		return n
	}
	queues, schedules, requests := 0, 0, 0
	behind := map[string]bool{} // a queue or a schedule
	for _, e := range p.EventSources {
		f, _ := p.Function(e.Function)
		if e.MaximumConcurrency == 0 {
			t.Errorf("%s works as often at once as there are messages", e.Function)
		}
		behind[e.Function] = true
		queues += e.MaximumConcurrency * pools(f)
	}
	for _, s := range p.Schedules {
		f, _ := p.Function(s.Function)
		behind[s.Function] = true
		schedules += (1 + int(f.Timeout/time.Minute)) * pools(f) // no schedule is due more than once a minute
	}
	for _, f := range p.Functions {
		if !behind[f.Name] {
			requests = max(requests, lambdaAtOnce*pools(f))
		}
	}
	if queues == 0 || schedules == 0 || requests == 0 {
		t.Fatalf("queues %d, schedules %d, requests %d", queues, schedules, requests)
	}
	t.Logf("queues may hold %d connections, schedules %d, requests %d", queues, schedules, requests)
	if n := releasesAlive * (queues + schedules + requests); n > poolerTakes {
		t.Errorf("with those of the release before that is %d, and the pooler takes %d", n, poolerTakes)
	}
}
