// Command api-member-set-national-id serves PUT /v1/members/{id}/national-id: keep a member's national ID, sealed.
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
	app := run.Start(memberapi.SetNationalIDOp)
	api.Serve(app, memberapi.SetNationalID(member.NewVault(postgres.From(app), seal.NationalIDRing(app), seal.NationalIDIndex(app))))
}
