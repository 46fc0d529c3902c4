package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// MethodLister is what ListPaymentMethods needs.
type MethodLister interface {
	ListMethods(ctx context.Context, c tenancy.Caller, member id.Member, after id.PaymentMethod, limit int) ([]billing.PaymentMethod, error)
}

// cashiers are the roles that handle members' money; a member handles their own.
var cashiers = []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk}

// withMembers is the cashiers and the member themself.
var withMembers = []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member}

// ListPaymentMethodsOp declares GET /v1/payment-methods.
var ListPaymentMethodsOp = api.Op{
	Name: "api-billing-list-payment-methods", Method: api.GET, Path: "/v1/payment-methods",
	Summary: "List a member's saved cards, masked, the latest first; a member lists their own",
	Roles:   withMembers,
	Errors:  []*fail.Error{billing.ErrMemberNotFound},
	Needs:   []need.Need{need.Postgres},
}

type listPaymentMethodsInput struct {
	api.Page
	MemberID id.Member `query:"member_id" required:"true" format:"uuid" doc:"A member can only name themself"`
}

type paymentMethodOutput struct {
	ID        id.PaymentMethod `json:"id"`
	MemberID  id.Member        `json:"member_id"`
	Brand     string           `json:"brand" doc:"As the provider names it; may be empty"`
	Last4     string           `json:"last4"`
	ExpMonth  int              `json:"exp_month"`
	ExpYear   int              `json:"exp_year"`
	Status    string           `json:"status" enum:"active,blocked,removed"`
	IsDefault bool             `json:"is_default" doc:"This one is charged"`
	CreatedAt time.Time        `json:"created_at"`
}

type listPaymentMethodsOutput struct {
	Items      []paymentMethodOutput `json:"items" nullable:"false"`
	NextCursor string                `json:"next_cursor,omitempty"`
}

func newPaymentMethodOutput(p billing.PaymentMethod) paymentMethodOutput {
	return paymentMethodOutput{ID: p.ID, MemberID: p.MemberID, Brand: p.Brand, Last4: p.Last4, ExpMonth: p.ExpMonth, ExpYear: p.ExpYear,
		Status: p.Status, IsDefault: p.IsDefault, CreatedAt: p.CreatedAt.UTC()}
}

// ListPaymentMethods lists a member's saved cards.
func ListPaymentMethods(methods MethodLister) api.Endpoint {
	return api.New(ListPaymentMethodsOp, func(ctx context.Context, c api.Caller, in *listPaymentMethodsInput) (*listPaymentMethodsOutput, error) {
		var after id.PaymentMethod
		if _, err := in.After(&after); err != nil {
			return nil, err
		}
		rows, err := methods.ListMethods(ctx, c, in.MemberID, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page, next, err := api.CutPage(rows, in.Limit, func(p billing.PaymentMethod) id.PaymentMethod { return p.ID })
		out := &listPaymentMethodsOutput{Items: make([]paymentMethodOutput, len(page)), NextCursor: next}
		for i, p := range page {
			out.Items[i] = newPaymentMethodOutput(p)
		}
		return out, err
	})
}
