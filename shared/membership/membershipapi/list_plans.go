package membershipapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// PlanLister is what ListPlans needs.
type PlanLister interface {
	ListPlans(ctx context.Context, c tenancy.Caller, after id.Plan, limit int) ([]membership.Offer, error)
}

// ListPlansOp declares GET /v1/plans.
var ListPlansOp = api.Op{
	Name: "api-membership-list-plans", Method: api.GET, Path: "/v1/plans",
	Summary: "List plans with the version on sale today, newest first; members see what they can buy",
	Roles:   tenancy.People,
	Needs:   []need.Need{need.Postgres},
}

type listPlansInput struct{ api.Page }

type listedPlan struct {
	PlanOutput
	Current *versionOutput `json:"current,omitempty" doc:"The version on sale today; missing when there is none"`
}

type listPlansOutput struct {
	Items      []listedPlan `json:"items" nullable:"false"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// ListPlans lists the studio's plans.
func ListPlans(plans PlanLister) api.Endpoint {
	return api.New(ListPlansOp, func(ctx context.Context, c api.Caller, in *listPlansInput) (*listPlansOutput, error) {
		var after id.Plan
		if _, err := in.After(&after); err != nil {
			return nil, err
		}
		rows, err := plans.ListPlans(ctx, c, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page, next, err := api.CutPage(rows, in.Limit, func(o membership.Offer) id.Plan { return o.Plan.ID })
		out := &listPlansOutput{Items: make([]listedPlan, len(page)), NextCursor: next}
		for i, o := range page {
			out.Items[i] = newListedPlan(o)
		}
		return out, err
	})
}

func newListedPlan(o membership.Offer) listedPlan {
	p := listedPlan{PlanOutput: PlanOutput{ID: o.Plan.ID, Name: o.Plan.Name, Type: o.Plan.Type, Status: o.Plan.Status}}
	if o.Version != nil {
		v := newVersionOutput(*o.Version)
		p.Current = &v
	}
	return p
}
