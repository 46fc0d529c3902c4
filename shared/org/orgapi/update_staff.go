package orgapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// StaffUpdater is what UpdateStaff needs.
type StaffUpdater interface {
	UpdateStaff(ctx context.Context, c tenancy.Caller, person id.Staff, role, status *string) (org.Person, error)
}

// UpdateStaffOp declares PATCH /v1/staff/{id}.
var UpdateStaffOp = api.Op{
	Name: "api-org-update-staff", Method: api.PATCH, Path: "/v1/staff/{id}",
	Summary: "Set a person's role, or take them off the staff; it counts from their next request",
	Roles:   []tenancy.Role{tenancy.Owner},
	Errors:  []*fail.Error{org.ErrStaffNotFound, org.ErrLastOwner},
	Needs:   []need.Need{need.Postgres},
}

type updateStaffInput struct {
	ID   id.Staff `path:"id"`
	Body struct {
		Role   *string `json:"role,omitempty" enum:"owner,manager,front_desk,coach"`
		Status *string `json:"status,omitempty" enum:"active,removed"`
	}
}

// UpdateStaff changes what a person may do.
func UpdateStaff(people StaffUpdater) api.Endpoint {
	return api.New(UpdateStaffOp, func(ctx context.Context, c api.Caller, in *updateStaffInput) (*personOutput, error) {
		p, err := people.UpdateStaff(ctx, c, in.ID, in.Body.Role, in.Body.Status)
		if err != nil {
			return nil, err
		}
		out := personOut(p)
		return &out, nil
	})
}
