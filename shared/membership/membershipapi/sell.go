package membershipapi

import (
	"context"
	"slices"

	"fitkit/shared/api"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Seller is what Sell needs.
type Seller interface {
	Sell(ctx context.Context, c tenancy.Caller, sale membership.Sale) (membership.Membership, error)
}

// SellOp declares POST /v1/sales.
var SellOp = api.Op{
	Name: "api-membership-sell", Method: api.POST, Path: "/v1/sales", Status: 201,
	Summary: "Sell a plan to a member; what is due at once is charged with it",
	Roles:   sellers,
	Errors: slices.Concat(quoteErrors, []*fail.Error{membership.ErrMemberNotFound, membership.ErrMemberArchived, membership.ErrPayerNotFound,
		membership.ErrPayerArchived, membership.ErrPriceChanged, membership.ErrTrialUsed}),
	Needs: []need.Need{need.Postgres, need.Send("billing-execute-charge"), need.Analytics},

	Lasting: true,
}

type sellInput struct {
	Body struct {
		MemberID id.Member    `json:"member_id" format:"uuid" doc:"A member can only name themself"`
		PlanID   id.Plan      `json:"plan_id" format:"uuid"`
		StartOn  civil.Date   `json:"start_on,omitzero" format:"date" doc:"Today by default; at most 31 days back or 12 months ahead"`
		PayerID  id.Member    `json:"payer_id,omitzero" format:"uuid" doc:"Whose card is charged; the member by default"`
		Price    money.Agorot `json:"price_agorot" minimum:"0" maximum:"100000000" doc:"The price as the preview showed it"`
	}
}

// Sell sells a plan to a member.
func Sell(sales Seller) api.Endpoint {
	return api.New(SellOp, func(ctx context.Context, c api.Caller, in *sellInput) (*MembershipOutput, error) {
		m, err := sales.Sell(ctx, c, membership.Sale{MemberID: in.Body.MemberID, PayerID: in.Body.PayerID, PlanID: in.Body.PlanID,
			StartOn: in.Body.StartOn, Price: in.Body.Price})
		if err != nil {
			return nil, err
		}
		out := newMembershipOutput(m)
		return &out, nil
	})
}
