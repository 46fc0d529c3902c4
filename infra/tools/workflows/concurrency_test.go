package workflows

import (
	"slices"
	"strings"
	"testing"
)

// A run holds its workflow's group from its start to its end, so a release that waits for an approval blocked all later ones, and
// any comment on a pull request took the place of a deployment that waited. Red with the group at the top of each of the four files, with
// the group left out of each job, with one group for all stages, and with cancel-in-progress.
func TestAWaitingDeploymentHoldsUpItsOwnStageAlone(t *testing.T) {
	groups := map[string][]string{}
	for name, w := range all(t) {
		deploys := false
		for id, j := range w.Jobs {
			deploys = deploys || strings.HasSuffix(j.Uses, "/deploy.yml")
			if j.Permissions["id-token"] != "write" || j.Uses != "" || name == "preview-reaper.yml" { // which is alone at night, and removes what is closed
				continue
			}
			deploys = true
			if j.Concurrency.Group == "" || j.Concurrency.CancelInProgress {
				t.Errorf("%s, %s: may run beside another deployment, or be cut off by it: %+v", name, id, j.Concurrency)
			}
			groups[name] = append(groups[name], j.Concurrency.Group)
		}
		if deploys && w.Concurrency.Group != "" {
			t.Errorf("%s: the whole run holds the group %q", name, w.Concurrency.Group)
		}
	}
	want := map[string][]string{
		"deploy.yml":            {"deploy-${{ inputs.stage }}"},
		"deploy-pr-preview.yml": {"preview-${{ needs.read.outputs.stack }}", "preview-fitkit-pr-${{ github.event.pull_request.number }}"}, // the same text: infra/tools/preview names the stack so
	}
	for name, list := range want {
		slices.Sort(groups[name])
		slices.Sort(list)
		if !slices.Equal(groups[name], list) {
			t.Errorf("%s: groups %q, want %q", name, groups[name], list)
		}
	}
}
