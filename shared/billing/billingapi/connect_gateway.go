// Package billingapi is the endpoints of charges, cards and gateways.
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
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Connector is what ConnectGateway needs.
type Connector interface {
	Connect(ctx context.Context, c tenancy.Caller, n billing.Connection) (billing.Gateway, error)
}

// ConnectGatewayOp declares PUT /v1/gateways/{provider}.
var ConnectGatewayOp = api.Op{
	Name: "api-billing-connect-gateway", Method: api.PUT, Path: "/v1/gateways/{provider}",
	Summary: "Connect the studio's own terminal; the credentials are tried at once and kept sealed",
	Roles:   []tenancy.Role{tenancy.Owner},
	Errors:  []*fail.Error{billing.ErrLiveInTest, billing.ErrTakesMoney, billing.ErrTerminalInUse, payment.ErrCredentials, cardcom.ErrUnreachable},
	Needs:   []need.Need{need.Postgres, need.PaymentKeys, need.Cardcom, need.Send(string(billing.QueueExecute)), need.Analytics},
	Steps:   true,

	PerMinute: 10, // each tries the credentials at the provider
}

type connectGatewayInput struct {
	Provider string `path:"provider" enum:"cardcom"`
	Body     struct {
		TerminalNumber    int           `json:"terminal_number" minimum:"1" maximum:"2147483647"`
		APIName           secret.Secret `json:"api_name" minLength:"1" maxLength:"100"`
		APIPassword       secret.Secret `json:"api_password" minLength:"1" maxLength:"100" doc:"Needed for refunds and for the daily comparison with the provider's list"`
		Mode              string        `json:"mode" enum:"live,test"`
		RecurringTerminal bool          `json:"recurring_terminal,omitempty" doc:"The acquirer defined the terminal for standing orders"`
		NewNoticeAddress  bool          `json:"new_notice_address,omitempty" doc:"Have the provider post its notices to another address from now on; the former one is taken for 48 hours more, and until then it is not renewed again"`
	}
}

type gatewayOutput struct {
	ID             id.Gateway `json:"id"`
	Provider       string     `json:"provider"`
	Mode           string     `json:"mode"`
	State          string     `json:"state" enum:"active,misconfigured,paused"`
	Terminal       string     `json:"terminal"`
	VerifiedAt     time.Time  `json:"verified_at"`
	FormerUntil    *time.Time `json:"former_notice_address_until,omitempty" doc:"Until when notices at the former address are taken"`
	ChargesResumed int        `json:"charges_resumed" doc:"Due charges that had waited for this gateway"`
}

// ConnectGateway proves and seals a studio's credentials.
func ConnectGateway(g Connector) api.Endpoint {
	return api.New(ConnectGatewayOp, func(ctx context.Context, c api.Caller, in *connectGatewayInput) (*gatewayOutput, error) {
		out, err := g.Connect(ctx, c, billing.Connection{Provider: in.Provider, Terminal: in.Body.TerminalNumber, Name: in.Body.APIName,
			Password: in.Body.APIPassword, Mode: in.Body.Mode, Recurring: in.Body.RecurringTerminal, NewHook: in.Body.NewNoticeAddress})
		if err != nil {
			return nil, err
		}
		return &gatewayOutput{ID: out.ID, Provider: out.Provider, Mode: out.Mode, State: out.State, Terminal: out.Terminal,
			VerifiedAt: out.VerifiedAt, FormerUntil: out.FormerHook, ChargesResumed: out.Resumed}, nil
	})
}
