// Command api-membership-list-plans serves GET /v1/plans: the studio's plans with what is on sale today.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.ListPlansOp)
	api.Serve(app, membershipapi.ListPlans(membership.NewStore(postgres.From(app))))
}
