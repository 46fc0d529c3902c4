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

// SalePreviewer is what PreviewSale needs.
type SalePreviewer interface {
	Preview(ctx context.Context, c tenancy.Caller, plan id.Plan, startOn civil.Date) (membership.Quote, error)
}

// sellers are the roles that may sell; a member buys for themself.
var sellers = []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member}

// quoteErrors are what an offer can be refused for, in a preview as in a sale.
var quoteErrors = []*fail.Error{membership.ErrPlanNotFound, membership.ErrPlanNotForSale, membership.ErrNoVersion, membership.ErrSoldByStaff,
	membership.ErrStartTooFarAhead, membership.ErrStartTooFarBack}

// PreviewSaleOp declares POST /v1/sales/preview.
var PreviewSaleOp = api.Op{
	Name: "api-membership-preview-sale", Method: api.POST, Path: "/v1/sales/preview", Read: true,
	Summary: "Show what a sale would cost and when it would be charged; nothing is sold",
	Roles:   sellers,
	Errors:  quoteErrors,
	Needs:   []need.Need{need.Postgres},
}

type previewSaleInput struct {
	Body struct {
		PlanID  id.Plan    `json:"plan_id" format:"uuid"`
		StartOn civil.Date `json:"start_on,omitzero" format:"date" doc:"Today by default; at most 31 days back or 12 months ahead"`
	}
}

type previewSaleOutput struct {
	Plan      PlanOutput    `json:"plan"`
	Version   versionOutput `json:"version"`
	StartOn   civil.Date    `json:"start_on" format:"date"`
	TermEnd   civil.Date    `json:"term_end,omitzero" format:"date" doc:"First day after the term"`
	ExpiresOn civil.Date    `json:"expires_on,omitzero" format:"date" doc:"First day it is no longer valid"`
	Lines     []saleLine    `json:"lines" nullable:"false"`
	Charges   []dueOutput   `json:"charges" nullable:"false" doc:"The first three"`
	DueNow    money.Agorot  `json:"due_now_agorot" doc:"Charged at the sale"`
	Total     *money.Agorot `json:"total_agorot,omitempty" doc:"Of the whole deal; missing when it goes on until cancelled"`
	Price     money.Agorot  `json:"price_agorot" doc:"To be sent back with the sale, so that nobody buys at a price they did not see"`
	Text      string        `json:"text" doc:"The deal in English"`
	TextHe    string        `json:"text_he" doc:"The deal in Hebrew"`
}

type saleLine struct {
	Description string       `json:"description"`
	Quantity    int          `json:"quantity"`
	Unit        money.Agorot `json:"unit_price_agorot"`
	Amount      money.Agorot `json:"amount_agorot"`
}

type dueOutput struct {
	At     time.Time    `json:"at"`
	Amount money.Agorot `json:"amount_agorot"`
	From   civil.Date   `json:"period_from,omitzero" format:"date" doc:"First day of the month that it pays for"`
	To     civil.Date   `json:"period_to,omitzero" format:"date" doc:"First day after that month"`
}

// shownCharges is how many charges a preview shows.
const shownCharges = 3

// PreviewSale shows what a sale would be.
func PreviewSale(plans SalePreviewer) api.Endpoint {
	return api.New(PreviewSaleOp, func(ctx context.Context, c api.Caller, in *previewSaleInput) (*previewSaleOutput, error) {
		q, err := plans.Preview(ctx, c, in.Body.PlanID, in.Body.StartOn)
		if err != nil {
			return nil, err
		}
		return newPreviewSaleOutput(q), nil
	})
}

func newPreviewSaleOutput(q membership.Quote) *previewSaleOutput {
	out := &previewSaleOutput{Plan: PlanOutput{ID: q.Plan.ID, Name: q.Plan.Name, Type: q.Plan.Type, Status: q.Plan.Status},
		Version: newVersionOutput(q.Version), StartOn: q.StartOn, TermEnd: q.TermEnd, ExpiresOn: q.ExpiresOn, Charges: []dueOutput{},
		DueNow: q.DueNow(), Price: q.Version.Price, Text: q.English(), TextHe: q.Hebrew()}
	for _, l := range q.Lines {
		out.Lines = append(out.Lines, saleLine{l.Description, l.Quantity, l.Unit, l.Amount})
	}
	for _, d := range q.Charges(shownCharges) {
		out.Charges = append(out.Charges, dueOutput{d.At, d.Amount, d.Period.From, d.Period.To})
	}
	if !q.OpenEnded() {
		out.Total = &q.Total
	}
	return out
}
