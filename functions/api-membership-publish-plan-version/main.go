// Command api-membership-publish-plan-version serves POST /v1/plans/{id}/versions: new terms of a plan go on sale.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.PublishPlanVersionOp)
	api.Serve(app, membershipapi.PublishPlanVersion(membership.NewStore(postgres.From(app))))
}
