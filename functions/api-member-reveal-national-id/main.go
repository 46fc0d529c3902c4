// Command api-member-reveal-national-id serves POST /v1/members/{id}/national-id/reveal: show a number, for a reason that is kept.
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
	app := run.Start(memberapi.RevealNationalIDOp)
	api.Serve(app, memberapi.RevealNationalID(member.NewVault(postgres.From(app), seal.NationalIDRing(app), seal.NationalIDIndex(app))))
}
