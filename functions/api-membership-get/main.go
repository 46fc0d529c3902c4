// Command api-membership-get serves GET /v1/memberships/{id}: a membership with its next and last charges.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.GetOp)
	api.Serve(app, membershipapi.Get(membership.NewStore(postgres.From(app))))
}
