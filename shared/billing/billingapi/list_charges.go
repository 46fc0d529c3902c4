package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// ChargeLister is what ListCharges needs.
type ChargeLister interface {
	ListCharges(ctx context.Context, c tenancy.Caller, f billing.ChargeFilter) ([]billing.Charge, error)
}

// ListChargesOp declares GET /v1/charges.
var ListChargesOp = api.Op{
	Name: "api-billing-list-charges", Method: api.GET, Path: "/v1/charges",
	Summary: "List charges by member, state and due day, the latest due first; a member lists their own",
	Roles:   withMembers,
	Errors:  []*fail.Error{billing.ErrMemberNotFound},
	Needs:   []need.Need{need.Postgres},
}

type listChargesInput struct {
	api.Page
	MemberID id.Member           `query:"member_id" format:"uuid"`
	State    billing.ChargeState `query:"state" enum:"due,in_flight,being_checked,paid,failed,void,written_off"`
	DueFrom  civil.Date          `query:"due_from" format:"date" doc:"First day, in the studio's time zone"`
	DueTo    civil.Date          `query:"due_to" format:"date" doc:"Last day; it is included"`
}

type listChargesOutput struct {
	Items      []chargeOutput `json:"items" nullable:"false"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

// dueKey is where a page of charges ends.
type dueKey struct {
	At time.Time
	ID id.Charge
}

// ListCharges lists charges.
func ListCharges(charges ChargeLister) api.Endpoint {
	return api.New(ListChargesOp, func(ctx context.Context, c api.Caller, in *listChargesInput) (*listChargesOutput, error) {
		f := billing.ChargeFilter{MemberID: in.MemberID, State: in.State, DueFrom: in.DueFrom, DueTo: in.DueTo, Limit: in.Limit + 1}
		var last dueKey
		more, err := in.After(&last)
		if err != nil {
			return nil, err
		}
		if more {
			f.AfterAt, f.After = &last.At, last.ID
		}
		rows, err := charges.ListCharges(ctx, c, f)
		if err != nil {
			return nil, err
		}
		page, next, err := api.CutPage(rows, in.Limit, func(ch billing.Charge) dueKey { return dueKey{ch.DueAt, ch.ID} })
		out := &listChargesOutput{Items: make([]chargeOutput, len(page)), NextCursor: next}
		for i, ch := range page {
			out.Items[i] = newChargeOutput(ch)
		}
		return out, err
	})
}
