package billingapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/tenancy"
)

// CaseCloser is what CloseCase needs.
type CaseCloser interface {
	CloseCase(ctx context.Context, c tenancy.Caller, caseID id.Event, reason string) error
}

// CloseCaseOp declares POST /v1/admin/cases/{id}/close. It takes no Idempotency-Key: a repeat finds the case closed.
var CloseCaseOp = api.Op{
	Name: "api-billing-close-case", Method: api.POST, Path: "/v1/admin/cases/{id}/close", Read: true,
	Summary: "Close a question about money that a person has answered; the same finding of a day's proof asks it no more",
	Roles:   []tenancy.Role{tenancy.PlatformAdmin},
	Errors:  []*fail.Error{billing.ErrCaseNotFound, billing.ErrCaseHasItsOwnEnd, billing.ErrCaseReason},
	Needs:   []need.Need{need.Postgres},
}

type closeCaseInput struct {
	ID   id.Event `path:"id" format:"uuid"`
	Body struct {
		OrgID  id.Org `json:"org_id" format:"uuid" doc:"The case's studio"`
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"What was found; kept in the studio's trail"`
	}
}

type closeCaseOutput struct {
	CaseID id.Event `json:"case_id"`
}

// CloseCase closes a case by a person's word.
func CloseCase(cases CaseCloser) api.Endpoint {
	return api.New(CloseCaseOp, func(ctx context.Context, c api.Caller, in *closeCaseInput) (*closeCaseOutput, error) {
		if err := cases.CloseCase(ctx, tenancy.ForOrg(in.Body.OrgID, "admin:"+c.UserID), in.ID, in.Body.Reason); err != nil {
			return nil, err
		}
		obs.Add(ctx, "org", in.Body.OrgID)
		return &closeCaseOutput{CaseID: in.ID}, nil
	})
}
