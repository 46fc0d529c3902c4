// Command api-org-update-staff serves PATCH /v1/staff/{id}: an owner sets a person's role or takes them off the staff.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orgapi.UpdateStaffOp)
	api.Serve(app, orgapi.UpdateStaff(org.NewStore(postgres.From(app))))
}
