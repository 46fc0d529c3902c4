package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// ChargeCreator is what CreateCharge needs.
type ChargeCreator interface {
	Create(ctx context.Context, c tenancy.Caller, n billing.NewCharge) (billing.Charge, error)
}

// CreateChargeOp declares POST /v1/charges.
var CreateChargeOp = api.Op{
	Name: "api-billing-create-charge", Method: api.POST, Path: "/v1/charges", Status: 201,
	Summary: "Charge a member for something that is not a membership's period; it is collected when it is due",
	Roles:   cashiers,
	Errors:  []*fail.Error{billing.ErrMemberNotFound, billing.ErrDescription, billing.ErrDueTooFar},
	Needs:   []need.Need{need.Postgres, need.Send(string(billing.QueueExecute))},

	Lasting: true,
}

type createChargeInput struct {
	Body struct {
		MemberID     id.Member    `json:"member_id" format:"uuid"`
		Kind         string       `json:"kind" enum:"one_off,fee,registration"`
		Amount       money.Agorot `json:"amount_agorot" minimum:"1" maximum:"100000000" doc:"With VAT"`
		Description  string       `json:"description" minLength:"1" maxLength:"120" doc:"The member reads it"`
		Installments int          `json:"installments,omitempty" minimum:"1" maximum:"36" doc:"Payments that the card company splits it into; one by default"`
		DueAt        time.Time    `json:"due_at,omitzero" format:"date-time" doc:"Now by default, and when it has passed; at most 12 months ahead"`
	}
}

type chargeOutput struct {
	ID           id.Charge           `json:"id"`
	MemberID     id.Member           `json:"member_id"`
	MembershipID id.Membership       `json:"membership_id,omitzero"`
	Kind         string              `json:"kind" enum:"period,one_off,fee,registration,cancellation_fee"`
	Description  string              `json:"description"`
	Amount       money.Agorot        `json:"amount_agorot"`
	Installments int                 `json:"installments"`
	State        billing.ChargeState `json:"state" enum:"due,in_flight,being_checked,paid,failed,void,written_off" doc:"being_checked: the card company's answer was lost and is being asked for; it has not failed"`
	DueAt        time.Time           `json:"due_at"`
	PaidAt       *time.Time          `json:"paid_at,omitempty"`
	PeriodFrom   civil.Date          `json:"period_from,omitzero" format:"date" doc:"First day of the month that it pays for"`
	PeriodTo     civil.Date          `json:"period_to,omitzero" format:"date" doc:"First day after that month"`
	Tries        int                 `json:"tries" doc:"Attempts so far"`
	NextStepAt   *time.Time          `json:"next_step_at,omitempty" doc:"When an unpaid charge is tried or asked for again"`
	VoidReason   string              `json:"void_reason,omitempty" doc:"Shown to staff"`
}

func newChargeOutput(ch billing.Charge) chargeOutput {
	return chargeOutput{ID: ch.ID, MemberID: ch.MemberID, MembershipID: ch.MembershipID, Kind: ch.Kind, Description: ch.Description,
		Amount: ch.Amount, Installments: ch.Installments, State: ch.State, DueAt: ch.DueAt.UTC(), PaidAt: inUTC(ch.PaidAt),
		PeriodFrom: ch.From, PeriodTo: ch.To, Tries: ch.Tries, NextStepAt: inUTC(ch.NextStepAt), VoidReason: ch.VoidReason}
}

func inUTC(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	utc := at.UTC()
	return &utc
}

// CreateCharge charges a member.
func CreateCharge(charges ChargeCreator) api.Endpoint {
	return api.New(CreateChargeOp, func(ctx context.Context, c api.Caller, in *createChargeInput) (*chargeOutput, error) {
		b := in.Body
		made, err := charges.Create(ctx, c, billing.NewCharge{MemberID: b.MemberID, Kind: b.Kind, Amount: b.Amount,
			Installments: b.Installments, Description: b.Description, DueAt: b.DueAt})
		if err != nil {
			return nil, err
		}
		out := newChargeOutput(made)
		return &out, nil
	})
}
