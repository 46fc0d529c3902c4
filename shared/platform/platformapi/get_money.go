package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/platform"
)

// MoneyReader is what GetMoney needs.
type MoneyReader interface {
	Money(ctx context.Context) (platform.Money, error)
}

// GetMoneyOp declares GET /v1/admin/money.
var GetMoneyOp = api.Op{
	Name: "api-platform-get-money", Method: api.GET, Path: "/v1/admin/money",
	Summary: "Charges whose outcome is unknown for too long, days that are not proven, and questions about money that a person must answer",
	Roles:   admins,
}

type moneyOutput struct {
	Unknown   int64            `json:"unknown" doc:"Attempts whose outcome is unknown, of any age"`
	Overdue   []attemptOutput  `json:"overdue" nullable:"false" doc:"Those unknown for over 25 hours: infra/runbooks/unknown-charge.md"`
	OpenCases int64            `json:"open_cases"`
	ByKind    map[string]int64 `json:"open_cases_by_kind" doc:"How many of each kind that has any"`
	Cases     []caseOutput     `json:"cases" nullable:"false" doc:"The oldest hundred"`
	Unproven  int64            `json:"unproven_days" doc:"Finished days of studios that had charges and have no proof yet, without those of test studios and test terminals"`
	Days      []dayOutput      `json:"days" nullable:"false" doc:"The oldest hundred of them: infra/runbooks/day-unproven.md"`
}

type attemptOutput struct {
	OrgID     string     `json:"org_id"`
	ID        string     `json:"id"`
	ChargeID  string     `json:"charge_id"`
	UnknownAt time.Time  `json:"unknown_at" doc:"By the studio's clock"`
	Lookups   int        `json:"lookups" doc:"How often the provider was asked"`
	NextAt    *time.Time `json:"next_lookup_at,omitempty"`
}

type caseOutput struct {
	OrgID     string    `json:"org_id"`
	ID        string    `json:"id"`
	Kind      string    `json:"kind" enum:"unknown_attempt,amount_mismatch,partial_approval,unmapped_code,provider_duplicate,refund_due,charges_paused,not_in_books,amount_differs,currency_differs,listed_twice,not_at_provider,terminal_replaced,list_unread,charge_not_paid,payment_differs,allocation_differs,ledger_differs,payment_without_approval,paid_without_payment,entry_without_payment"`
	AttemptID string    `json:"attempt_id,omitempty"`
	Subject   string    `json:"subject,omitempty" doc:"What a day's proof found it on: the id of an attempt, charge, payment or entry, the provider's number of a transaction, or a gateway's id and the day"`
	Day       string    `json:"day,omitempty" format:"date" doc:"The day whose proof found it"`
	OpenedAt  time.Time `json:"opened_at"`
}

type dayOutput struct {
	OrgID   string     `json:"org_id"`
	Day     string     `json:"day" format:"date"`
	State   string     `json:"state" enum:"waiting,differs" doc:"waiting: not tried, or something has no answer yet; differs: its cases are a person's"`
	Tries   int        `json:"tries"`
	TriedAt *time.Time `json:"tried_at,omitempty"`
}

// GetMoney shows ids and kinds; who pays for what is the studio's.
func GetMoney(r MoneyReader) api.Endpoint {
	return api.New(GetMoneyOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*moneyOutput, error) {
		m, err := r.Money(ctx)
		if err != nil {
			return nil, err
		}
		out := &moneyOutput{Unknown: m.Unknown, Overdue: []attemptOutput{}, OpenCases: m.OpenCases, ByKind: m.ByKind,
			Cases: []caseOutput{}, Unproven: m.Unproven, Days: []dayOutput{}}
		for _, a := range m.Overdue {
			out.Overdue = append(out.Overdue, attemptOutput{a.Org.String(), a.ID.String(), a.Charge.String(), a.UnknownAt.UTC(), a.Lookups, a.NextAt})
		}
		for _, c := range m.Cases {
			one := caseOutput{OrgID: c.Org.String(), ID: c.ID.String(), Kind: c.Kind, OpenedAt: c.OpenedAt.UTC()}
			if c.Attempt != nil {
				one.AttemptID = c.Attempt.String()
			}
			if c.Subject != nil && c.Day != nil {
				one.Subject, one.Day = *c.Subject, c.Day.String()
			}
			out.Cases = append(out.Cases, one)
		}
		for _, d := range m.Days {
			one := dayOutput{OrgID: d.Org.String(), Day: d.Day.String(), State: d.State, Tries: d.Tries}
			if d.TriedAt != nil {
				at := d.TriedAt.UTC()
				one.TriedAt = &at
			}
			out.Days = append(out.Days, one)
		}
		return out, nil
	})
}
