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

// MethodRemover is what RemovePaymentMethod needs.
type MethodRemover interface {
	RemoveMethod(ctx context.Context, c tenancy.Caller, method id.PaymentMethod) (billing.PaymentMethod, error)
}

// RemovePaymentMethodOp declares DELETE /v1/payment-methods/{id}.
var RemovePaymentMethodOp = api.Op{
	Name: "api-billing-remove-payment-method", Method: api.DELETE, Path: "/v1/payment-methods/{id}",
	Summary: "Remove a saved card and forget its token; refused while it is the only one of a member who owes money",
	Roles:   withMembers,
	Errors:  []*fail.Error{billing.ErrMethodNotFound, billing.ErrMethodNeeded},
	Needs:   []need.Need{need.Postgres, need.Send(string(billing.QueueExecute))},
}

type removePaymentMethodInput struct {
	ID id.PaymentMethod `path:"id" format:"uuid"`
}

// RemovePaymentMethod removes a saved card.
func RemovePaymentMethod(methods MethodRemover) api.Endpoint {
	return api.New(RemovePaymentMethodOp, func(ctx context.Context, c api.Caller, in *removePaymentMethodInput) (*paymentMethodOutput, error) {
		removed, err := methods.RemoveMethod(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		out := newPaymentMethodOutput(removed)
		return &out, nil
	})
}
