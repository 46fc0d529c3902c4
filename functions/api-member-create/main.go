// Command api-member-create serves POST /v1/members: the studio makes a member's card.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(memberapi.CreateOp)
	api.Serve(app, memberapi.Create(member.NewStore(postgres.From(app))))
}
