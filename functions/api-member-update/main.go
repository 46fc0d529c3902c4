// Command api-member-update serves PATCH /v1/members/{id}: the studio or the member changes a card.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(memberapi.UpdateOp)
	api.Serve(app, memberapi.Update(member.NewStore(postgres.From(app))))
}
