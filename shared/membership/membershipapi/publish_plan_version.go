package membershipapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// VersionPublisher is what PublishPlanVersion needs.
type VersionPublisher interface {
	PublishVersion(ctx context.Context, c tenancy.Caller, plan id.Plan, terms membership.Terms, from civil.Date) (membership.Version, error)
}

// PublishPlanVersionOp declares POST /v1/plans/{id}/versions.
var PublishPlanVersionOp = api.Op{
	Name: "api-membership-publish-plan-version", Method: api.POST, Path: "/v1/plans/{id}/versions", Status: 201,
	Summary: "Put new terms of a plan on sale; memberships that were sold keep theirs",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{membership.ErrPlanNotFound, membership.ErrTerms, membership.ErrEffectiveInPast, membership.ErrVersionOrder},
	Needs:   []need.Need{need.Postgres},
}

type publishPlanVersionInput struct {
	ID   id.Plan `path:"id" format:"uuid"`
	Body struct {
		Price         money.Agorot       `json:"price_agorot" minimum:"0" maximum:"100000000" doc:"With VAT; a month's when pay_mode is monthly, else the whole deal's"`
		BasePrice     money.Agorot       `json:"base_price_agorot,omitempty" minimum:"1" maximum:"100000000" doc:"Fixed term: a month's price without commitment. Without it no cancellation fee may be charged"`
		PayMode       membership.PayMode `json:"pay_mode" enum:"monthly,upfront,issuer_installments,none"`
		TermMonths    int                `json:"term_months,omitempty" minimum:"1" maximum:"60" doc:"Fixed term only"`
		Installments  int                `json:"installments,omitempty" minimum:"2" maximum:"36" doc:"With issuer_installments only"`
		SinglePayment bool               `json:"single_payment_allowed,omitempty" doc:"With issuer_installments only: the whole price in one payment where the card company refuses them; else the member is asked for another card"`
		Entries       int                `json:"entries,omitempty" minimum:"1" maximum:"10000" doc:"A pack's or trial's number; with monthly access, how many each month"`
		ValidityDays  int                `json:"validity_days,omitempty" minimum:"1" maximum:"3660" doc:"A pack's or trial's, from its start"`
		Limits        membership.Limits  `json:"limits,omitzero"`
		EffectiveFrom civil.Date         `json:"effective_from,omitzero" format:"date" doc:"First day on sale; today by default"`
	}
}

type versionOutput struct {
	ID            id.PlanVersion     `json:"id"`
	Version       int                `json:"version" doc:"1, 2, 3 … of its plan"`
	Price         money.Agorot       `json:"price_agorot"`
	BasePrice     money.Agorot       `json:"base_price_agorot,omitempty"`
	PayMode       membership.PayMode `json:"pay_mode" enum:"monthly,upfront,issuer_installments,none"`
	TermMonths    int                `json:"term_months,omitempty"`
	Installments  int                `json:"installments,omitempty"`
	SinglePayment bool               `json:"single_payment_allowed,omitempty"`
	Entries       int                `json:"entries,omitempty"`
	ValidityDays  int                `json:"validity_days,omitempty"`
	Limits        membership.Limits  `json:"limits,omitzero"`
	EffectiveFrom civil.Date         `json:"effective_from" format:"date"`
	EffectiveTo   civil.Date         `json:"effective_to,omitzero" format:"date" doc:"First day no longer on sale"`
}

func newVersionOutput(v membership.Version) versionOutput {
	return versionOutput{ID: v.ID, Version: v.Number, Price: v.Price, BasePrice: v.BasePrice, PayMode: v.PayMode, TermMonths: v.TermMonths,
		Installments: v.Installments, SinglePayment: v.SinglePayment, Entries: v.Entries, ValidityDays: v.ValidityDays, Limits: v.Limits, EffectiveFrom: v.From, EffectiveTo: v.To}
}

// PublishPlanVersion puts new terms of a plan on sale.
func PublishPlanVersion(plans VersionPublisher) api.Endpoint {
	return api.New(PublishPlanVersionOp, func(ctx context.Context, c api.Caller, in *publishPlanVersionInput) (*versionOutput, error) {
		b := in.Body
		v, err := plans.PublishVersion(ctx, c, in.ID, membership.Terms{Price: b.Price, BasePrice: b.BasePrice, PayMode: b.PayMode,
			TermMonths: b.TermMonths, Installments: b.Installments, SinglePayment: b.SinglePayment, Entries: b.Entries, ValidityDays: b.ValidityDays, Limits: b.Limits}, b.EffectiveFrom)
		if err != nil {
			return nil, err
		}
		out := newVersionOutput(v)
		return &out, nil
	})
}
