package main

import (
	"strings"
	"testing"
)

// What somebody changed by hand is gone over when it is named whole, once. Red with the stack's name alone enough, with a
// change of another stack let by, and with another stage's names spoken of.
func TestAChangeByHandIsGoneOverByItsName(t *testing.T) {
	drifted := map[string][]string{"fitkit-staging": {"HttpApi"}, "fitkit-staging-Billing": {"Logs", "FailedRuns"}}
	for name, tc := range map[string]struct{ told, want string }{
		"nothing is said":         {"", "somebody changed fitkit-staging/HttpApi, fitkit-staging-Billing/Logs, fitkit-staging-Billing/FailedRuns by hand: put the change into the templates, or take it back, and deploy then (or go over it, this once, with DEPLOY_OVER_DRIFT=fitkit-staging/HttpApi,fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns)"},
		"all are named":           {"fitkit-staging/HttpApi, fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns", ""},
		"two of them":             {"fitkit-staging/HttpApi,fitkit-staging-Billing/Logs", "somebody changed fitkit-staging-Billing/FailedRuns by hand"},
		"the same of other stack": {"fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns,fitkit-staging-Billing/HttpApi", "somebody changed fitkit-staging/HttpApi by hand"},
		"one that is no more":     {"fitkit-staging/HttpApi,fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns,fitkit-staging/Budget", ""},
		"another stage's beside":  {"fitkit-staging/HttpApi,fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns,fitkit-prod/HttpApi", ""},
		"a stack without a name":  {"fitkit-staging", `DEPLOY_OVER_DRIFT holds "fitkit-staging": name each change as the refusal does, <stack>/<LogicalId>`},
		"all of a stack":          {"fitkit-staging/*", `DEPLOY_OVER_DRIFT holds "fitkit-staging/*"`},
		"a word for all":          {"true", `DEPLOY_OVER_DRIFT holds "true"`},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{settings: stored("staging"), status: "UPDATE_COMPLETE", drifted: drifted}
			out, err := release(t, a, checkout(t, true), "staging", map[string]string{overDrift: tc.told}, "check")
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			said := ""
			for _, change := range []string{"fitkit-staging/HttpApi", "fitkit-staging-Billing/Logs", "fitkit-staging-Billing/FailedRuns"} {
				said += "Mind: " + change + " was changed by hand, and this deployment goes over it, as DEPLOY_OVER_DRIFT says\n"
			}
			if strings.Contains(tc.told, "Budget") { // as when the deployment is run again, after the first went over it
				said += "Mind: DEPLOY_OVER_DRIFT names fitkit-staging/Budget, which is as it was deployed\n"
			}
			if err == nil && out != said+"staging can be deployed to fitkit-staging.\n" {
				t.Errorf("said %q", out)
			}
		})
	}
	blind := &account{settings: stored("staging"), status: "UPDATE_COMPLETE", drifted: drifted, blind: "fitkit-staging"}
	_, err := release(t, blind, checkout(t, true), "staging", map[string]string{overDrift: "fitkit-staging/HttpApi,fitkit-staging-Billing/Logs,fitkit-staging-Billing/FailedRuns"}, "check")
	if err == nil || !strings.Contains(err.Error(), "whether somebody changed fitkit-staging by hand cannot be told") {
		t.Errorf("what could not be compared was gone over: %v", err)
	}
}
