// Command api-member-archive serves POST /v1/members/{id}/archive: the studio takes a member off its lists.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(memberapi.ArchiveOp)
	api.Serve(app, memberapi.Archive(member.NewStore(postgres.From(app))))
}
