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
	Summary: "Charges whose outcome is unknown for too long, and questions about money that a person must answer",
	Roles:   admins,
}

type moneyOutput struct {
	Unknown   int64           `json:"unknown" doc:"Attempts whose outcome is unknown, of any age"`
	Overdue   []attemptOutput `json:"overdue" nullable:"false" doc:"Those unknown for over 25 hours: infra/runbooks/unknown-charge.md"`
	OpenCases int64           `json:"open_cases"`
	Cases     []caseOutput    `json:"cases" nullable:"false" doc:"The oldest hundred"`
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
	Kind      string    `json:"kind" enum:"unknown_attempt,amount_mismatch,partial_approval,unmapped_code,provider_duplicate,refund_due,charges_paused"`
	AttemptID string    `json:"attempt_id,omitempty"`
	OpenedAt  time.Time `json:"opened_at"`
}

// GetMoney shows ids and kinds; who pays for what is the studio's.
func GetMoney(r MoneyReader) api.Endpoint {
	return api.New(GetMoneyOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*moneyOutput, error) {
		m, err := r.Money(ctx)
		if err != nil {
			return nil, err
		}
		out := &moneyOutput{Unknown: m.Unknown, Overdue: []attemptOutput{}, OpenCases: m.OpenCases, Cases: []caseOutput{}}
		for _, a := range m.Overdue {
			out.Overdue = append(out.Overdue, attemptOutput{a.Org.String(), a.ID.String(), a.Charge.String(), a.UnknownAt.UTC(), a.Lookups, a.NextAt})
		}
		for _, c := range m.Cases {
			one := caseOutput{OrgID: c.Org.String(), ID: c.ID.String(), Kind: c.Kind, OpenedAt: c.OpenedAt.UTC()}
			if c.Attempt != nil {
				one.AttemptID = c.Attempt.String()
			}
			out.Cases = append(out.Cases, one)
		}
		return out, nil
	})
}
