package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// ArrearsLister is what ListArrears needs.
type ArrearsLister interface {
	ListArrears(ctx context.Context, c tenancy.Caller, afterAt *time.Time, after id.Charge, limit int) ([]billing.Arrear, []billing.ArrearsTotal, error)
}

// ListArrearsOp declares GET /v1/arrears.
var ListArrearsOp = api.Op{
	Name: "api-billing-list-arrears", Method: api.GET, Path: "/v1/arrears",
	Summary: "List overdue charges, the oldest first, with where their dunning stands, and totals by age",
	Roles:   cashiers,
	Needs:   []need.Need{need.Postgres},
}

type listArrearsInput struct{ api.Page }

type arrearOutput struct {
	ChargeID    id.Charge           `json:"charge_id"`
	MemberID    id.Member           `json:"member_id"`
	MemberName  string              `json:"member_name"`
	Amount      money.Agorot        `json:"amount_agorot"`
	State       billing.ChargeState `json:"state" enum:"due,in_flight,being_checked,failed"`
	DueAt       time.Time           `json:"due_at"`
	DaysOverdue int                 `json:"days_overdue"`
	Bucket      string              `json:"bucket" enum:"0-7,8-14,15-30,31-60,60+" doc:"Days overdue; 60+ is 61 and more"`
	Rung        int                 `json:"rung" minimum:"0" maximum:"5" doc:"Of the dunning ladder: the next try's, 0 when none has begun"`
	NextStepAt  *time.Time          `json:"next_step_at,omitempty" doc:"Missing when it waits for something, such as an answer or the gateway, or the ladder has ended"`
	Reason      string              `json:"reason,omitempty" doc:"Why it is unpaid: the class of the last answer, no_payment_method or card_tried_too_often"`
	AccessLevel string              `json:"access_level" enum:"full,no_new_bookings,no_checkin,suspended" doc:"What the member may still do"`
}

type bucketOutput struct {
	Bucket  string       `json:"bucket" enum:"0-7,8-14,15-30,31-60,60+"`
	Charges int          `json:"charges"`
	Members int          `json:"members"`
	Amount  money.Agorot `json:"amount_agorot"`
}

type arrearsTotalsOutput struct {
	Charges int            `json:"charges"`
	Amount  money.Agorot   `json:"amount_agorot"`
	Buckets []bucketOutput `json:"buckets" nullable:"false"`
}

type listArrearsOutput struct {
	Items      []arrearOutput      `json:"items" nullable:"false"`
	Totals     arrearsTotalsOutput `json:"totals" doc:"Of all overdue charges, not of this page"`
	NextCursor string              `json:"next_cursor,omitempty"`
}

// ListArrears lists what is overdue.
func ListArrears(arrears ArrearsLister) api.Endpoint {
	return api.New(ListArrearsOp, func(ctx context.Context, c api.Caller, in *listArrearsInput) (*listArrearsOutput, error) {
		var last dueKey
		var afterAt *time.Time
		more, err := in.After(&last)
		if err != nil {
			return nil, err
		}
		if more {
			afterAt = &last.At
		}
		rows, totals, err := arrears.ListArrears(ctx, c, afterAt, last.ID, in.Limit+1)
		if err != nil {
			return nil, err
		}
		page, next, err := api.CutPage(rows, in.Limit, func(a billing.Arrear) dueKey { return dueKey{a.DueAt, a.ChargeID} })
		out := &listArrearsOutput{Items: make([]arrearOutput, len(page)), Totals: newArrearsTotals(totals), NextCursor: next}
		for i, a := range page {
			out.Items[i] = newArrearOutput(a)
		}
		return out, err
	})
}

func newArrearOutput(a billing.Arrear) arrearOutput {
	return arrearOutput{ChargeID: a.ChargeID, MemberID: a.MemberID, MemberName: a.MemberName, Amount: a.Amount, State: a.State, DueAt: a.DueAt.UTC(),
		DaysOverdue: a.DaysOverdue, Bucket: a.Bucket, Rung: a.Rung, NextStepAt: inUTC(a.NextStepAt), Reason: a.Reason, AccessLevel: a.AccessLevel}
}

func newArrearsTotals(buckets []billing.ArrearsTotal) (out arrearsTotalsOutput) {
	for _, b := range buckets {
		out.Charges += b.Charges
		out.Amount += b.Amount
		out.Buckets = append(out.Buckets, bucketOutput{b.Bucket, b.Charges, b.Members, b.Amount})
	}
	return out
}
