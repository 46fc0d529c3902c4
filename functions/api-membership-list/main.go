// Command api-membership-list serves GET /v1/memberships: memberships by member, plan and state.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipapi.ListOp)
	api.Serve(app, membershipapi.List(membership.NewStore(postgres.From(app))))
}
