// Command api-org-get-me serves GET /v1/me: who the caller is in this studio and what they may do.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgapi.GetMeOp)
	api.Serve(app, orgapi.GetMe(org.NewStore(postgres.From(app))))
}
