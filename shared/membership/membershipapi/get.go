package membershipapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Reader is what Get needs.
type Reader interface {
	Get(ctx context.Context, c tenancy.Caller, m id.Membership) (membership.Membership, []membership.Charge, error)
}

// GetOp declares GET /v1/memberships/{id}.
var GetOp = api.Op{
	Name: "api-membership-get", Method: api.GET, Path: "/v1/memberships/{id}",
	Summary: "Read a membership with its next and last charges; members read what they hold or pay for",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{membership.ErrNotFound},
	Needs:   []need.Need{need.Postgres},
}

type getInput struct {
	ID id.Membership `path:"id" format:"uuid"`
}

type soldPlan struct {
	ID        id.Plan         `json:"id"`
	Name      string          `json:"name"`
	Type      membership.Type `json:"type" enum:"recurring,fixed_term,pack,trial,drop_in,external"`
	VersionID id.PlanVersion  `json:"version_id"`
	Version   int             `json:"version"`
}

// MembershipOutput is a membership in an answer; exported for the same reason as PlanOutput.
type MembershipOutput struct {
	ID           id.Membership      `json:"id"`
	MemberID     id.Member          `json:"member_id"`
	PayerID      id.Member          `json:"payer_id"`
	Plan         soldPlan           `json:"plan" doc:"The plan's version as it was sold"`
	State        membership.State   `json:"state" enum:"pending_payment,active,frozen,cancel_pending,ended"`
	Price        money.Agorot       `json:"price_agorot" doc:"A month's when pay_mode is monthly, else the whole deal's"`
	PayMode      membership.PayMode `json:"pay_mode" enum:"monthly,upfront,issuer_installments,none"`
	Installments int                `json:"installments"`
	StartOn      civil.Date         `json:"start_on" format:"date"`
	TermEnd      civil.Date         `json:"term_end,omitzero" format:"date" doc:"First day after the term"`
	ExpiresOn    civil.Date         `json:"expires_on,omitzero" format:"date" doc:"First day it is no longer valid"`
	EntriesLeft  *int               `json:"entries_left,omitempty" doc:"Missing: unlimited"`
	AnchorDay    int                `json:"anchor_day" doc:"Day of the month on which its months start, or the month's last"`
	Planned      int                `json:"periods_planned" doc:"Monthly charges made so far"`
	Periods      *int               `json:"periods_total,omitempty" doc:"Missing: open-ended or not paid monthly"`
	NextCharge   *nextCharge        `json:"next_charge,omitempty"`
	NoticeAt     *time.Time         `json:"cancel_notice_at,omitempty"`
	CancelOn     civil.Date         `json:"cancel_effective_on,omitzero" format:"date"`
	PreviousID   id.Membership      `json:"previous_id,omitzero" doc:"The ended membership that the member came back from"`
}

type nextCharge struct {
	At     time.Time    `json:"at"`
	Amount money.Agorot `json:"amount_agorot"`
}

func newMembershipOutput(m membership.Membership) MembershipOutput {
	out := MembershipOutput{ID: m.ID, MemberID: m.MemberID, PayerID: m.PayerID,
		Plan:  soldPlan{m.Plan.ID, m.Plan.Name, m.Plan.Type, m.VersionID, m.Version},
		State: m.State, Price: m.Price, PayMode: m.PayMode, Installments: m.Installments, StartOn: m.StartOn, TermEnd: m.TermEnd,
		ExpiresOn: m.ExpiresOn, EntriesLeft: m.EntriesLeft, AnchorDay: m.AnchorDay, Planned: m.NextPeriod, Periods: m.PeriodsTotal,
		NoticeAt: utc(m.CancelNoticeAt), CancelOn: m.CancelEffectiveOn, PreviousID: m.PreviousID}
	if m.NextChargeAt != nil {
		out.NextCharge = &nextCharge{m.NextChargeAt.UTC(), m.Price}
	}
	return out
}

type chargeOutput struct {
	ID          id.Charge    `json:"id"`
	Kind        string       `json:"kind" enum:"period,one_off,fee,registration,cancellation_fee"`
	Description string       `json:"description"`
	Amount      money.Agorot `json:"amount_agorot"`
	State       string       `json:"state" enum:"due,in_flight,paid,failed,void,written_off"`
	DueAt       time.Time    `json:"due_at"`
	PaidAt      *time.Time   `json:"paid_at,omitempty"`
	From        civil.Date   `json:"period_from,omitzero" format:"date"`
	To          civil.Date   `json:"period_to,omitzero" format:"date" doc:"First day after the period"`
}

type getOutput struct {
	MembershipOutput
	Charges []chargeOutput `json:"charges" nullable:"false" doc:"The last twelve, the latest first"`
}

// Get reads a membership.
func Get(memberships Reader) api.Endpoint {
	return api.New(GetOp, func(ctx context.Context, c api.Caller, in *getInput) (*getOutput, error) {
		m, charges, err := memberships.Get(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		out := &getOutput{newMembershipOutput(m), make([]chargeOutput, len(charges))}
		for i, ch := range charges {
			out.Charges[i] = chargeOutput{ch.ID, ch.Kind, ch.Description, ch.Amount, ch.State, ch.DueAt.UTC(), utc(ch.PaidAt), ch.Period.From, ch.Period.To}
		}
		return out, nil
	})
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
