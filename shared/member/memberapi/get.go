package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
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
	Summary: "A member's card; members read their own",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{member.ErrNotFound},
	Needs:   []need.Need{need.Postgres},
}

type getInput struct {
	ID id.Member `path:"id"`
}

// Get reads a card.
func Get(members Reader) api.Endpoint {
	return api.New(GetOp, func(ctx context.Context, c api.Caller, in *getInput) (*cardOutput, error) {
		m, err := members.Get(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		return cardOut(m), nil
	})
}
