package billingapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/billing"
	"fitkit/shared/cardcom"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/payment"
	"fitkit/shared/tenancy"
)

// CardSessionOpener is what CreateCardSession needs.
type CardSessionOpener interface {
	OpenCardSession(ctx context.Context, c tenancy.Caller, member id.Member, p billing.Pages) (billing.CardSession, error)
}

// CreateCardSessionOp declares POST /v1/card-sessions.
var CreateCardSessionOp = api.Op{
	Name: "api-billing-create-card-session", Method: api.POST, Path: "/v1/card-sessions", Status: 201,
	Summary: "Open the provider's hosted page on which a member saves a card",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member},
	Errors:  []*fail.Error{billing.ErrMemberNotFound, billing.ErrNoGateway, payment.ErrCredentials, cardcom.ErrUnreachable},
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Web},
	Steps:   true,
}

type createCardSessionInput struct {
	Body struct {
		MemberID id.Member `json:"member_id" format:"uuid"`
	}
}

type cardSessionOutput struct {
	ID        id.CardSession `json:"id"`
	URL       string         `json:"url" doc:"Send the payer here; the card is typed at the provider and never reaches FitKit"`
	ExpiresAt time.Time      `json:"expires_at"`
}

// CreateCardSession opens a hosted page.
func CreateCardSession(o CardSessionOpener, p billing.Pages) api.Endpoint {
	return api.New(CreateCardSessionOp, func(ctx context.Context, c api.Caller, in *createCardSessionInput) (*cardSessionOutput, error) {
		s, err := o.OpenCardSession(ctx, c, in.Body.MemberID, p)
		if err != nil {
			return nil, err
		}
		return &cardSessionOutput{ID: s.ID, URL: s.URL, ExpiresAt: s.ExpiresAt}, nil
	})
}
