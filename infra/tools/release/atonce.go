package main

import (
	"cmp"
	"fmt"
)

// atOnce is the variable of a single deployment, the repair of a money path whose alarm rings: all traffic at once and no alarm that
// takes it back (infra/runbooks/money-fails.md).
const atOnce = "DEPLOY_AT_ONCE"

// ofDeployment is what this deployment alone is told, by its environment and never by the parameter store.
func (r *Release) ofDeployment(variable string) string {
	if variable != atOnce {
		return ""
	}
	return cmp.Or(r.Getenv(atOnce), "false")
}

// told refuses what nobody would understand of what this deployment is told, or the template only after the migrations.
func (r *Release) told() error {
	if v := r.ofDeployment(atOnce); v != "true" && v != "false" {
		return fmt.Errorf("%s is %q: say true, for a single deployment that nothing takes back, or leave it out", atOnce, v)
	}
	return r.nameless()
}
