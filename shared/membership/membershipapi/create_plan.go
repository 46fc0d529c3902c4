// Package membershipapi is the endpoints of plans and memberships.
package membershipapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// PlanCreator is what CreatePlan needs.
type PlanCreator interface {
	CreatePlan(ctx context.Context, c tenancy.Caller, name string, t membership.Type) (membership.Plan, error)
}

// CreatePlanOp declares POST /v1/plans.
var CreatePlanOp = api.Op{
	Name: "api-membership-create-plan", Method: api.POST, Path: "/v1/plans", Status: 201,
	Summary: "Create a draft plan; it can be sold once a version of it is published",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{membership.ErrPlanNameTaken},
	Needs:   []need.Need{need.Postgres},
}

type createPlanInput struct {
	Body struct {
		Name string          `json:"name" minLength:"1" maxLength:"120" doc:"Shown to members; unique in the studio"`
		Type membership.Type `json:"type" enum:"recurring,fixed_term,pack,trial,drop_in,external"`
	}
}

// PlanOutput is a plan in an answer. It is exported because the API document leaves out embedded types that are not.
type PlanOutput struct {
	ID     id.Plan               `json:"id"`
	Name   string                `json:"name"`
	Type   membership.Type       `json:"type"`
	Status membership.PlanStatus `json:"status" enum:"draft,published,retired"`
}

// CreatePlan makes a draft plan.
func CreatePlan(plans PlanCreator) api.Endpoint {
	return api.New(CreatePlanOp, func(ctx context.Context, c api.Caller, in *createPlanInput) (*PlanOutput, error) {
		p, err := plans.CreatePlan(ctx, c, in.Body.Name, in.Body.Type)
		if err != nil {
			return nil, err
		}
		return &PlanOutput{ID: p.ID, Name: p.Name, Type: p.Type, Status: p.Status}, nil
	})
}
