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

// ChargeRetrier is what RetryCharge needs.
type ChargeRetrier interface {
	RetryCharge(ctx context.Context, c tenancy.Caller, charge id.Charge) error
}

// RetryChargeOp declares POST /v1/charges/{id}/retry.
var RetryChargeOp = api.Op{
	Name: "api-billing-retry-charge", Method: api.POST, Path: "/v1/charges/{id}/retry", Status: 202,
	Summary: "Try to collect an unpaid charge now; read the charge for what became of it",
	Roles:   cashiers,
	Errors: []*fail.Error{billing.ErrChargeNotFound, billing.ErrChargeInFlight, billing.ErrChargeSettled, billing.ErrChargeNotDue,
		billing.ErrNoMethod, billing.ErrNoGateway, billing.ErrCardTriedTooOften},
	Needs: []need.Need{need.Postgres, need.Send(string(billing.QueueExecute))},
}

type retryChargeInput struct {
	ID id.Charge `path:"id" format:"uuid"`
}

type retryChargeOutput struct {
	ChargeID id.Charge `json:"charge_id"`
	Status   string    `json:"status" enum:"queued"`
}

// RetryCharge asks for a charge to be collected now.
func RetryCharge(charges ChargeRetrier) api.Endpoint {
	return api.New(RetryChargeOp, func(ctx context.Context, c api.Caller, in *retryChargeInput) (*retryChargeOutput, error) {
		if err := charges.RetryCharge(ctx, c, in.ID); err != nil {
			return nil, err
		}
		return &retryChargeOutput{ChargeID: in.ID, Status: "queued"}, nil
	})
}
