// Command api-member-list-timeline serves GET /v1/members/{id}/timeline: what happened to a member.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(memberapi.ListTimelineOp)
	api.Serve(app, memberapi.ListTimeline(member.NewStore(postgres.From(app))))
}
