package billingapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// ChargeVoider is what VoidCharge needs.
type ChargeVoider interface {
	VoidCharge(ctx context.Context, c tenancy.Caller, charge id.Charge, reason string) (billing.Charge, error)
}

// VoidChargeOp declares POST /v1/charges/{id}/void.
var VoidChargeOp = api.Op{
	Name: "api-billing-void-charge", Method: api.POST, Path: "/v1/charges/{id}/void",
	Summary: "Take back a charge that nobody has paid and that is not being collected",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{billing.ErrChargeNotFound, billing.ErrChargeInFlight, billing.ErrChargeSettled, billing.ErrVoidReason},
	Needs:   []need.Need{need.Postgres},
}

type voidChargeInput struct {
	ID   id.Charge `path:"id" format:"uuid"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Kept in the studio's record; the member does not see it"`
	}
}

// VoidCharge takes a charge back.
func VoidCharge(charges ChargeVoider) api.Endpoint {
	return api.New(VoidChargeOp, func(ctx context.Context, c api.Caller, in *voidChargeInput) (*chargeOutput, error) {
		void, err := charges.VoidCharge(ctx, c, in.ID, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		out := newChargeOutput(void)
		return &out, nil
	})
}
