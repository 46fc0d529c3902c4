// Command api-org-get serves GET /v1/org: the studio's profile and policies.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgapi.GetOp)
	api.Serve(app, orgapi.Get(org.NewStore(postgres.From(app))))
}
