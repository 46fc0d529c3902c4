package workflows

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planned are the targets that build and test with this machine's own tools. Running them is what make verify does; here make
// only says what it would run, which finds a target or a prerequisite that is no more.
var planned = map[string]bool{
	"verify": true, "test": true, "test-nightly": true, "vulncheck": true, "demo": true, "load": true, "dry-run": true, "sam-build": true, "sam-smoke": true,
	"client-check": true, "client-test": true, "client-pack": true, "fmt-check": true, "vet": true, "generate-check": true, "secrets": true,
}

const previewOrigin = "https://fitkit-web-git-feat-sales-acme.vercel.app"

// Each stand-in asks for the variables that the command behind it needs.
const (
	// A release reads a preview's settings from variables; one that is missing would be taken from the preview of before.
	goStandIn = `case "$*" in
"run ./infra/tools/preview"|"run ./infra/tools/neonbranch "*) cd "$REPOSITORY" && exec "$REAL_GO" "$@" ;;
"run ./infra/tools/release "*"-files "*) test -s .local/migrations/00001_a.sql ;;
"run ./infra/tools/release "*) : "${AWS_SESSION_TOKEN:?}" "${STAGE:?}"
  if [ "$STAGE" = preview ]; then
    : "${STACK:?}" "${FRONTEND_URL:?}" "${ALLOWED_ORIGINS:?}" "${DATABASE_URL:?}" "${SYSTEM_DATABASE_URL:?}" "${DIRECT_DATABASE_URL:?}"
  else
    : "${DEPLOY_AT_ONCE:?}"
    echo "goes over $DEPLOY_OVER_DRIFT" >>"$CALLS"
  fi ;;
*) echo "nobody knows go $*" >&2; exit 1 ;;
esac`
	awsStandIn = `: "${AWS_SESSION_TOKEN:?}"
case "$*" in
*Outputs*) echo "$API" ;;
*Parameters*) echo "` + previewOrigin + `,https://other.example" ;;
*) echo "fitkit-pr-1 fitkit-pr-12" ;;
esac`
	samStandIn = `: "${AWS_SESSION_TOKEN:?}"
[ "$1" != deploy ] || test -s .aws-sam/build/template.yaml`
	ghStandIn = `: "${GH_TOKEN:?}"
case "$*" in
*"pulls/1 "*) echo open ;;
*join*) echo "open acme/fitkit 0a1b" ;;
*) echo closed ;;
esac`
)

// TestEveryWorkflowRunsStepByStep runs each file as GitHub would, in one go: whatever a step needs, from a variable of its file
// to the output of another job, it has to find. Only the clouds are stand-ins; Neon's API is played.
//
// It has been seen red with a target renamed in the Makefile, with NEON_API_KEY, STACK, FRONTEND_URL and GH_TOKEN left out of their
// steps, DEPLOY_AT_ONCE and DEPLOY_OVER_DRIFT out of their job, with an output misspelt, with a required input not given, with make deploy before the sign-in, without take.sh, with the migrations not uploaded, and
// with main's migrations applied to a preview.
func TestEveryWorkflowRunsStepByStep(t *testing.T) {
	reads(t, "Makefile", "infra/tools/preview", "infra/tools/neonbranch", "infra/tools/deploy", "infra/tools/smoke", "infra/tools/smegrep.sh",
		"shared/neon", "shared/retry")
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	home, err := exec.Command(real, "env", "GOCACHE", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Split(string(home), "\n")
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	api := deployed(nil, previewOrigin)
	defer api.Close()
	for name, want := range map[string][]string{
		"cd-full-test-gate.yml": {"sam deploy --template-file .aws-sam/build/template.yaml", "--config-env staging", "--config-env production", "goes over fitkit-prod/HttpApi\n"},
		"ci-smoke-tests.yml":    nil,
		"deploy-pr-preview.yml": {"exec -- go run ./infra/tools/migrate -check -files .local/migrations\n", "exec -- go run ./infra/tools/migrate -files .local/migrations\n", "neon GET /projects/p1/connection_uri", "--config-env preview", "--stack-name fitkit-pr-12",
			"sam delete --stack-name fitkit-pr-12 ", "neon DELETE /projects/p1/branches/br-12",
			"`fitkit-pr-12` answers at " + api.URL},
		"nightly.yml":        nil,
		"preview-reaper.yml": {"sam delete --stack-name fitkit-pr-12 ", "neon DELETE /projects/p1/branches/br-12"},
		"publish-shared.yml": {"npm publish .local/client/*.tgz"},
		"smegrep.yml":        {"git grep --line-number -I --extended-regexp -e two of -- shared migrations"},
		"staging.yml":        {"--config-env staging"},
	} {
		t.Run(name, func(t *testing.T) {
			neon := neonStandIn(t)
			path, calls := programs(t, map[string]string{"go": goStandIn, "aws": awsStandIn, "gh": ghStandIn, "sam": samStandIn,
				"npm": `: "${NODE_AUTH_TOKEN:?}"`, "git": ""})
			r := &runner{t: t, path: path, calls: calls, machine: []string{"REPOSITORY=" + root, "REAL_GO=" + real, "API=" + api.URL, "NEON_API_URL=" + neon.URL,
				"GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1], "GOPROXY=" + caches[2]}, known: map[string]string{
				"github.sha": "0a1b", "github.token": "token", "github.event.repository.default_branch": "main",
				"github.event.issue.number || inputs.pull": "12", "github.event.pull_request.number": "12",
				"github.event.comment.user.login": "vercel[bot]",
				"github.event.comment.body":       "| **fitkit-web** | Ready | [Visit Preview](" + previewOrigin + ") | | |",
				"inputs.preview_url":              "", "inputs.crons && 'true' || ''": "", "inputs.at_once && 'true' || 'false'": "true", "inputs.over_drift": "fitkit-prod/HttpApi", "inputs.pattern": "two of", "inputs.paths": "shared migrations",
				"vars.VERCEL_TEAM": "acme", "vars.VERCEL_WEB_PROJECT": "fitkit-web", "vars.AWS_DEPLOY_ROLE": "arn:aws:iam::000000000000:role/deploys",
				"vars.NEON_PROJECT_ID": "p1", "vars.NEON_PARENT_BRANCH_ID": "br-base", "secrets.NEON_API_KEY": "key",
			}}
			r.workflow(name, nil)
			got := noted(t, calls) + neon.calls.String() + r.summary.String()
			for _, call := range want {
				if !strings.Contains(got, call) {
					t.Errorf("nothing called %q:\n%s", call, got)
				}
			}
		})
	}
}

// reads opens what the steps' own programs read, so that go test knows what its result depends on.
func reads(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(repository, path), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// played is Neon's API with one branch, that of pull request 12.
type played struct {
	*httptest.Server
	calls strings.Builder
}

func neonStandIn(t *testing.T) *played {
	p, there := &played{}, true
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.WriteString("neon " + r.Method + " " + r.URL.Path + "\n") // one caller, one call at a time
		if r.Header.Get("Authorization") != "Bearer key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		const branch = `{"id":"br-12","name":"fitkit-pr-12","current_state":"ready"}`
		answer := `{"branch":` + branch + `}`
		there = there && r.Method != http.MethodDelete || r.Method == http.MethodPost
		switch {
		case strings.HasSuffix(r.URL.Path, "/connection_uri"):
			answer = `{"uri":"postgres://` + r.URL.Query().Get("role_name") + `:x@br-12/fitkit"}`
		case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/branches"):
			if answer = `{"branches":[]}`; there {
				answer = `{"branches":[` + branch + `]}`
			}
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(p.Close)
	return p
}
