// Package billinghook is the webhooks of card providers.
package billinghook

import (
	"context"

	"fitkit/shared/billing"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
)

// CardcomOp declares POST /v1/hooks/cardcom/{token}. Cardcom signs nothing, so the notice is only a hint whom to ask
// about; the path's token, unguessable and one per studio, keeps strangers out.
var CardcomOp = hook.Op{
	Name: "hook-billing-cardcom", Summary: "Cardcom tells that a hosted page was used", Path: "/v1/hooks/cardcom/{token}", Status: 200,
	Errors: []*fail.Error{billing.ErrHookUnreadable, postgres.ErrOrgNotFound},
	Needs:  []need.Need{need.Postgres, need.Send(string(billing.QueueInbox))},
}

// Receiver is what Cardcom needs.
type Receiver interface {
	ReceiveCardcom(ctx context.Context, token string, body []byte) error
}

// Cardcom records the notice once and answers; a job reads the page.
func Cardcom(r Receiver) hook.Handler {
	return hook.New(CardcomOp, func(ctx context.Context, req hook.Request) error {
		return r.ReceiveCardcom(ctx, req.Path["token"], req.Body)
	})
}
