// Command api-org-update serves PATCH /v1/org: an owner or manager changes the studio's profile and policies.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgapi.UpdateOp)
	api.Serve(app, orgapi.Update(org.NewStore(postgres.From(app))))
}
