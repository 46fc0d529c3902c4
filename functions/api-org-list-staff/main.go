// Command api-org-list-staff serves GET /v1/staff: who works at the studio.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgapi.ListStaffOp)
	api.Serve(app, orgapi.ListStaff(org.NewStore(postgres.From(app))))
}
