// Command api-member-get serves GET /v1/members/{id}: a member's card.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(memberapi.GetOp)
	api.Serve(app, memberapi.Get(member.NewStore(postgres.From(app))))
}
