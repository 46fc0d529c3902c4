// Command api-membership-create-plan serves POST /v1/plans: the studio makes a draft plan.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.CreatePlanOp)
	api.Serve(app, membershipapi.CreatePlan(membership.NewStore(postgres.From(app))))
}
