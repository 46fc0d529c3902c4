package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/nationalid"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// NationalIDRevealer is what RevealNationalID needs.
type NationalIDRevealer interface {
	Reveal(ctx context.Context, c tenancy.Caller, member id.Member, reason string) (nationalid.ID, error)
}

// RevealNationalIDOp declares POST /v1/members/{id}/national-id/reveal. It is a read although it leaves a trail: with an
// Idempotency-Key its answer, the number, would be stored. Asked twice, it is in the trail twice.
var RevealNationalIDOp = api.Op{
	Name: "api-member-reveal-national-id", Method: api.POST, Path: "/v1/members/{id}/national-id/reveal", Read: true,
	Summary: "Show a member's national ID, after confirming one's identity, for a reason that is kept",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{api.ErrStepUp, api.ErrImpersonated, member.ErrNotFound, member.ErrNationalIDMissing, member.ErrReason},
	Needs:   []need.Need{need.Postgres, need.NationalIDKeys, need.NationalIDIndex},

	PerMinute: 30,
}

type revealInput struct {
	ID   id.Member `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why the number is needed; kept in the studio's trail"`
	}
}

type revealOutput struct {
	Kind    string `json:"kind" enum:"il,passport"`
	Country string `json:"country"`
	Number  string `json:"number"`
}

// RevealNationalID shows the number.
func RevealNationalID(ids NationalIDRevealer) api.Endpoint {
	return api.New(RevealNationalIDOp, func(ctx context.Context, c api.Caller, in *revealInput) (*revealOutput, error) {
		if err := api.StepUp(c, auth.StepUpStrict); err != nil {
			return nil, err
		}
		person, err := ids.Reveal(ctx, c, in.ID, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &revealOutput{Kind: string(person.Kind), Country: person.Country, Number: person.Number}, nil
	})
}
