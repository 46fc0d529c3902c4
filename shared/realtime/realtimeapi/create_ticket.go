// Package realtimeapi is the endpoints around WebSockets.
package realtimeapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Ticketer is what CreateTicket needs.
type Ticketer interface {
	CreateTicket(ctx context.Context, c tenancy.Caller) (ticket string, expires time.Time, err error)
}

// CreateTicketOp declares POST /v1/realtime/tickets. It takes no key, for the answer to a key is stored, and a ticket is not to
// be found anywhere; a repeat makes a second ticket, and whichever is not used is over in a minute.
var CreateTicketOp = api.Op{
	Name: "api-realtime-create-ticket", Method: api.POST, Path: "/v1/realtime/tickets", Status: 201, Read: true,
	Summary: "Take a ticket to open a WebSocket with, once and within a minute",
	Roles:   tenancy.People,
	Needs:   []need.Need{need.Postgres, need.Realtime},
}

type createTicketOutput struct {
	Ticket    string    `json:"ticket" doc:"Good once, for 60 seconds"`
	URL       string    `json:"url" doc:"Where to connect: this address with ?ticket=…"`
	ExpiresAt time.Time `json:"expires_at"`
}

// CreateTicket makes a ticket for whoever is signed in. url is where clients connect.
func CreateTicket(tickets Ticketer, url string) api.Endpoint {
	return api.New(CreateTicketOp, func(ctx context.Context, c api.Caller, _ *struct{}) (*createTicketOutput, error) {
		ticket, expires, err := tickets.CreateTicket(ctx, c)
		if err != nil {
			return nil, err
		}
		return &createTicketOutput{Ticket: ticket, URL: url, ExpiresAt: expires}, nil
	})
}
