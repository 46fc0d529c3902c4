package workflows

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const repository = "../../.."

type workflow struct {
	On          map[string]any    `yaml:"on"`
	Concurrency concurrency       `yaml:"concurrency"`
	Env         map[string]string `yaml:"env"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]job    `yaml:"jobs"`
}

type job struct {
	Uses        string            `yaml:"uses"`
	Needs       list              `yaml:"needs"`
	Env         map[string]string `yaml:"env"`
	Outputs     map[string]string `yaml:"outputs"`
	Environment string            `yaml:"environment"`
	With        map[string]string `yaml:"with"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency concurrency       `yaml:"concurrency"`
	Steps       []step            `yaml:"steps"`
}

type concurrency struct {
	Group            string `yaml:"group"`
	CancelInProgress bool   `yaml:"cancel-in-progress"`
}

type step struct {
	ID   string            `yaml:"id"`
	Env  map[string]string `yaml:"env"`
	Run  string            `yaml:"run"`
	Uses string            `yaml:"uses"`
	With map[string]string `yaml:"with"`
}

func all(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, ".github/workflows/*.yml"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	out := map[string]workflow{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(raw, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[filepath.Base(file)] = w
	}
	return out
}

// plain is what a step may run: targets of the Makefile or a script of the repository, whose output may go to the runner.
var plain = regexp.MustCompile(`^(?:make(?: --silent)?((?: [a-z-]+)+)|(\./infra/[a-z_/]+\.sh)|npm publish \.local/client/\*\.tgz)(?: >>"\$GITHUB_(?:OUTPUT|ENV|STEP_SUMMARY)")?$`)

func TestEveryStepRunsATargetOrAScriptThatExists(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range all(t) {
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Run == "" {
					continue
				}
				m := plain.FindStringSubmatch(s.Run)
				if m == nil {
					t.Errorf("%s, %s: %q is more than a target or a script, so no test runs it", name, id, s.Run)
					continue
				}
				for target := range strings.FieldsSeq(m[1]) {
					if !strings.Contains(string(makefile), "\n"+target+":") {
						t.Errorf("%s, %s: the Makefile has no target %s", name, id, target)
					}
				}
				if m[2] != "" {
					if info, err := os.Stat(filepath.Join(repository, m[2])); err != nil || info.Mode()&0o111 == 0 {
						t.Errorf("%s, %s: %s cannot be run: %v", name, id, m[2], err)
					}
				}
			}
		}
	}
}

// pinned is an action at a commit, with the version that it is for a reader: a tag can be moved by whoever takes the action over.
var pinned = regexp.MustCompile(`^\s*(?:- )?uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(?:,.*)?$`)

func TestEveryActionIsPinnedByItsCommit(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(repository, ".github/workflows/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			if line = strings.TrimRight(line, "\n"); strings.Contains(line, "uses: ") && !strings.Contains(line, "uses: ./.github/") && !pinned.MatchString(line) {
				t.Errorf("%s: %s", filepath.Base(file), strings.TrimSpace(line))
			}
		}
	}
}

// asked are the workflows that people were promised, each with its triggers.
var asked = map[string][]string{
	"ci-smoke-tests.yml":    {"pull_request", "workflow_dispatch"},
	"cd-full-test-gate.yml": {"push", "workflow_dispatch"},
	"deploy-pr-preview.yml": {"issue_comment", "pull_request_target", "workflow_dispatch"},
	"publish-shared.yml":    {"workflow_dispatch"},
	"smegrep.yml":           {"workflow_dispatch"},
	"build.yml":             {"workflow_call"},
	"deploy.yml":            {"workflow_call"},
	"staging.yml":           {"workflow_dispatch"},
	"nightly.yml":           {"schedule", "workflow_dispatch"},
	"preview-reaper.yml":    {"schedule", "workflow_dispatch"},
}

func TestTheWorkflowsAreThoseThatWereAskedFor(t *testing.T) {
	found := all(t)
	for name, want := range asked {
		if got := slices.Sorted(maps.Keys(found[name].On)); !slices.Equal(got, want) {
			t.Errorf("%s starts at %q, not at %q", name, got, want)
		}
	}
	if len(found) != len(asked) {
		t.Errorf("%d workflows, %d of them are known", len(found), len(asked))
	}
}

func TestAWSBelievesTokensAndKnowsNoKeys(t *testing.T) {
	for name, w := range all(t) {
		for id, j := range w.Jobs {
			cloud := slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "aws-actions/") })
			if cloud != (j.Permissions["id-token"] == "write" && j.Uses == "") {
				t.Errorf("%s, %s: reaches AWS %v, may ask for a token %q", name, id, cloud, j.Permissions["id-token"])
			}
			if cloud && j.Environment == "" {
				t.Errorf("%s, %s: deploys without an environment, whose rules and name the role is bound to", name, id)
			}
			for _, s := range j.Steps {
				if s.With["aws-access-key-id"] != "" || s.With["aws-secret-access-key"] != "" {
					t.Errorf("%s, %s: a key of AWS", name, id)
				}
			}
		}
	}
}

func TestNoWorkflowMayMoreThanRead(t *testing.T) {
	for name, w := range all(t) {
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: begins with permissions %v", name, w.Permissions)
		}
		for id, j := range w.Jobs {
			if j.Permissions["contents"] == "write" {
				t.Errorf("%s, %s: may write the repository", name, id)
			}
		}
	}
}

func TestCodeOfAPullRequestRunsWhereNothingCanBeDeployed(t *testing.T) {
	for id, j := range all(t)["deploy-pr-preview.yml"].Jobs {
		for _, s := range j.Steps {
			if ref := s.With["ref"]; strings.HasPrefix(s.Uses, "actions/checkout") && ref != "${{ github.event.repository.default_branch }}" {
				t.Errorf("%s checks out %q beside the right to deploy", id, ref)
			}
		}
	}
	for id, j := range all(t)["build.yml"].Jobs {
		for _, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "actions/checkout") && s.With["persist-credentials"] != "false" {
				t.Errorf("%s leaves the runner's token to the code that it builds", id)
			}
		}
		if len(j.Permissions) > 0 || j.Environment != "" {
			t.Errorf("%s may do more than read", id)
		}
	}
}
