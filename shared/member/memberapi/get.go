package memberapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Reader is what Get needs.
type Reader interface {
	Get(ctx context.Context, c tenancy.Caller, member id.Member) (member.Member, error)
}

// GetOp declares GET /v1/members/{id}.
var GetOp = api.Op{
	Name: "api-member-get", Method: api.GET, Path: "/v1/members/{id}",
	Summary: "A member's card with their next charge; members read their own",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{member.ErrNotFound},
	Needs:   []need.Need{need.Postgres},
}

type getInput struct {
	ID id.Member `path:"id"`
}

type getOutput struct {
	CardOutput
	NextCharge *dueOutput `json:"next_charge" doc:"The earliest that is owed, or will be; at has passed when it is overdue. null when nothing is to come, and for coaches"`
}

type dueOutput struct {
	DueAt  time.Time    `json:"due_at"`
	Amount money.Agorot `json:"amount_agorot"`
}

// Get reads a card.
func Get(members Reader) api.Endpoint {
	return api.New(GetOp, func(ctx context.Context, c api.Caller, in *getInput) (*getOutput, error) {
		m, err := members.Get(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		out := &getOutput{CardOutput: *cardOut(m)}
		if m.NextCharge != nil {
			out.NextCharge = &dueOutput{m.NextCharge.At.UTC(), m.NextCharge.Amount}
		}
		return out, nil
	})
}
