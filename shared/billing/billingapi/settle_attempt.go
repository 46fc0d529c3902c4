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

// Settler is what SettleAttempt needs.
type Settler interface {
	Settle(ctx context.Context, c tenancy.Caller, v billing.Verdict) error
}

// SettleAttemptOp declares POST /v1/admin/attempts/{id}/settle. It takes no Idempotency-Key: a repeat finds the outcome it asks for.
var SettleAttemptOp = api.Op{
	Name: "api-billing-settle-attempt", Method: api.POST, Path: "/v1/admin/attempts/{id}/settle", Read: true,
	Summary: "Say what the provider's back office shows of a charge whose outcome no look-up could find",
	Roles:   []tenancy.Role{tenancy.PlatformAdmin},
	Errors:  []*fail.Error{billing.ErrAttemptNotFound, billing.ErrAttemptAsked, billing.ErrAttemptSettled, billing.ErrTxnOwned, billing.ErrSettleReason},
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Send(string(billing.QueueExecute)), need.Send(string(billing.QueueResolve))},
}

type settleAttemptInput struct {
	ID   id.Attempt `path:"id" format:"uuid"`
	Body struct {
		OrgID    id.Org `json:"org_id" format:"uuid" doc:"The attempt's studio"`
		Captured bool   `json:"captured" doc:"Whether the whole amount was taken. After a part of it was: refund it there, and say false"`
		Txn      string `json:"provider_txn,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9-]*$" doc:"The provider's number of the transaction; needed when it was captured"`
		Reason   string `json:"reason" minLength:"3" maxLength:"500" doc:"What the back office shows; kept in the studio's trail"`
	}
}

type settleAttemptOutput struct {
	AttemptID id.Attempt `json:"attempt_id"`
	Captured  bool       `json:"captured"`
}

// SettleAttempt settles an attempt by a person's word.
func SettleAttempt(attempts Settler) api.Endpoint {
	return api.New(SettleAttemptOp, func(ctx context.Context, c api.Caller, in *settleAttemptInput) (*settleAttemptOutput, error) {
		if in.Body.Captured && in.Body.Txn == "" {
			return nil, api.ErrInvalid.WithFields(fail.At("body.provider_txn", "is needed when the money was captured", "נדרש כאשר הכסף נגבה"))
		}
		v := billing.Verdict{Attempt: in.ID, Captured: in.Body.Captured, Txn: in.Body.Txn, Reason: in.Body.Reason}
		if err := attempts.Settle(ctx, tenancy.ForOrg(in.Body.OrgID, "admin:"+c.UserID), v); err != nil {
			return nil, err
		}
		obs.Add(ctx, "org", in.Body.OrgID)
		return &settleAttemptOutput{AttemptID: in.ID, Captured: in.Body.Captured}, nil
	})
}
