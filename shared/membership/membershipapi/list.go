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

// Lister is what List needs.
type Lister interface {
	List(ctx context.Context, c tenancy.Caller, f membership.Filter) ([]membership.Membership, error)
}

// ListOp declares GET /v1/memberships.
var ListOp = api.Op{
	Name: "api-membership-list", Method: api.GET, Path: "/v1/memberships",
	Summary: "List memberships, the latest sold first; members list what they hold or pay for",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{membership.ErrMemberNotFound},
	Needs:   []need.Need{need.Postgres},
}

type listInput struct {
	api.Page
	MemberID id.Member        `query:"member_id" format:"uuid"`
	PlanID   id.Plan          `query:"plan_id" format:"uuid"`
	State    membership.State `query:"state" enum:"pending_payment,active,frozen,cancel_pending,ended"`
}

type listOutput struct {
	Items      []MembershipOutput `json:"items" nullable:"false"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

// List lists memberships.
func List(memberships Lister) api.Endpoint {
	return api.New(ListOp, func(ctx context.Context, c api.Caller, in *listInput) (*listOutput, error) {
		f := membership.Filter{MemberID: in.MemberID, PlanID: in.PlanID, State: in.State, Limit: in.Limit + 1}
		if _, err := in.After(&f.After); err != nil {
			return nil, err
		}
		rows, err := memberships.List(ctx, c, f)
		if err != nil {
			return nil, err
		}
		page, next, err := api.CutPage(rows, in.Limit, func(m membership.Membership) id.Membership { return m.ID })
		out := &listOutput{Items: make([]MembershipOutput, len(page)), NextCursor: next}
		for i, m := range page {
			out.Items[i] = newMembershipOutput(m)
		}
		return out, err
	})
}
