package orgapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// Reader is what Get needs.
type Reader interface {
	Get(ctx context.Context, c tenancy.Caller) (org.Org, error)
}

// GetOp declares GET /v1/org.
var GetOp = api.Op{
	Name: "api-org-get", Method: api.GET, Path: "/v1/org",
	Summary: "The studio's profile and policies",
	Roles:   tenancy.Staff,
	Needs:   []need.Need{need.Postgres},
}

type orgOutput struct {
	ID               id.Org     `json:"id"`
	Name             string     `json:"name"`
	Slug             string     `json:"slug"`
	LegalKind        string     `json:"legal_kind" enum:"patur,murshe,company" doc:"Osek patur, osek murshe, or a company"`
	TaxID            *string    `json:"tax_id" doc:"Nine digits"`
	Zone             string     `json:"time_zone" doc:"IANA name"`
	Language         string     `json:"language" enum:"he,en"`
	Status           string     `json:"status" enum:"active,suspended"`
	TestMode         bool       `json:"test_mode"`
	TestNow          *time.Time `json:"test_now" doc:"The test clock; null: the real one"`
	ChargeOnRestDays bool       `json:"charge_on_rest_days" doc:"false: a charge due on a Saturday or holiday waits for the next day"`
	DunningEnd       string     `json:"dunning_end" enum:"suspend,keep" doc:"What becomes of the access of a member whose debt is unpaid at the end of the ladder and of grace: suspend takes all of it; keep leaves it without bookings and entry"`
	GraceDays        int        `json:"grace_days" doc:"Days of full access while in arrears"`
	ChargesPausedAt  *time.Time `json:"charges_paused_at"`
	ChargesPausedWhy *string    `json:"charges_paused_why"`
	Version          int        `json:"version" doc:"Send it back when you change something"`
	CreatedAt        time.Time  `json:"created_at"`
	UpdatedAt        time.Time  `json:"updated_at"`
}

func orgOut(o org.Org) *orgOutput {
	return &orgOutput{ID: o.ID, Name: o.Name, Slug: o.Slug, LegalKind: o.LegalKind, TaxID: o.TaxID, Zone: o.Zone, Language: o.Language,
		Status: o.Status, TestMode: o.TestMode, TestNow: utc(o.TestNow), ChargeOnRestDays: o.ChargeOnRestDays, DunningEnd: o.DunningEnd,
		GraceDays: o.GraceDays, ChargesPausedAt: utc(o.ChargesPausedAt), ChargesPausedWhy: o.ChargesPausedWhy, Version: o.Version,
		CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.Edited.UTC()}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// Get reads the studio.
func Get(orgs Reader) api.Endpoint {
	return api.New(GetOp, func(ctx context.Context, c api.Caller, _ *struct{}) (*orgOutput, error) {
		o, err := orgs.Get(ctx, c)
		if err != nil {
			return nil, err
		}
		return orgOut(o), nil
	})
}
