// Command api-member-search serves POST /v1/members/search: find members by name, phone, e-mail or national ID.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

func main() {
	app := run.Start(memberapi.SearchOp)
	api.Serve(app, memberapi.Search(member.NewFinder(postgres.From(app), seal.NationalIDIndex(app))))
}
