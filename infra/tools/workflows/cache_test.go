package workflows

import (
	"strings"
	"testing"
)

// cacheless is what tells an action that it neither restores nor saves a cache. Those of Go and Node do unless they are told.
var cacheless = map[string]struct{ input, value string }{
	"actions/setup-go":     {"cache", "false"},
	"actions/setup-node":   {"package-manager-cache", "false"},
	"actions/setup-python": {"cache", ""},
}

// A preview's build runs the Makefile of a pull request in a run of main's, so whatever it leaves in a cache is main's, and is restored
// wherever main's is: beside the right to deploy, or before what is deployed. Red with cache: false left out of each of these jobs,
// and with a cache for Python in one of them.
func TestNoCacheReachesADeployment(t *testing.T) {
	guarded := 0
	for name, w := range all(t) {
		for id, j := range w.Jobs {
			deploys := j.Permissions["id-token"] == "write" && j.Uses == ""
			feeds := len(j.Outputs) > 0 // what a job that deploys goes by
			for _, s := range j.Steps {
				feeds = feeds || strings.HasPrefix(s.Uses, "actions/upload-artifact@")
			}
			if !deploys && !feeds {
				continue
			}
			guarded++
			for _, s := range j.Steps {
				action, _, _ := strings.Cut(s.Uses, "@")
				if c, ok := cacheless[action]; ok && s.With[c.input] != c.value || ok && c.input != "cache" && s.With["cache"] != "" {
					t.Errorf("%s, %s: %s may restore a cache", name, id, action)
				}
				if strings.HasPrefix(action, "actions/cache") {
					t.Errorf("%s, %s: %s", name, id, action)
				}
			}
		}
	}
	if guarded < 6 {
		t.Errorf("%d jobs build or deploy", guarded)
	}
}
