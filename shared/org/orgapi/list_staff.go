package orgapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// StaffLister is what ListStaff needs.
type StaffLister interface {
	ListStaff(ctx context.Context, c tenancy.Caller, status string, after id.Staff, limit int) ([]org.Person, error)
}

// ListStaffOp declares GET /v1/staff.
var ListStaffOp = api.Op{
	Name: "api-org-list-staff", Method: api.GET, Path: "/v1/staff",
	Summary: "Who works at the studio, in which role",
	Roles:   tenancy.Staff,
	Needs:   []need.Need{need.Postgres},
}

type listStaffInput struct {
	api.Page
	Status string `query:"status" enum:"active,removed,all" default:"active"`
}

type personOutput struct {
	ID     id.Staff     `json:"id"`
	Name   string       `json:"name"`
	Email  string       `json:"email"`
	Role   tenancy.Role `json:"role" enum:"owner,manager,front_desk,coach"`
	Status string       `json:"status" enum:"active,removed"`
	Since  time.Time    `json:"since"`
}

type listStaffOutput struct {
	Items      []personOutput `json:"items" nullable:"false"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

func personOut(p org.Person) personOutput {
	return personOutput{ID: p.ID, Name: p.Name, Email: p.Email, Role: p.Role, Status: p.Status, Since: p.Since.UTC()}
}

// ListStaff lists the studio's people in the order they came.
func ListStaff(people StaffLister) api.Endpoint {
	return api.New(ListStaffOp, func(ctx context.Context, c api.Caller, in *listStaffInput) (*listStaffOutput, error) {
		var after id.Staff
		if _, err := in.After(&after); err != nil {
			return nil, err
		}
		rows, err := people.ListStaff(ctx, c, in.Status, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		rows, next, err := api.CutPage(rows, in.Limit, func(p org.Person) id.Staff { return p.ID })
		out := &listStaffOutput{Items: []personOutput{}, NextCursor: next}
		for _, p := range rows {
			out.Items = append(out.Items, personOut(p))
		}
		return out, err
	})
}
