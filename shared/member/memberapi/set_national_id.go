package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/need"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// NationalIDSetter is what SetNationalID needs.
type NationalIDSetter interface {
	Set(ctx context.Context, c tenancy.Caller, member id.Member, d member.Document) (member.Hint, error)
}

// SetNationalIDOp declares PUT /v1/members/{id}/national-id.
var SetNationalIDOp = api.Op{
	Name: "api-member-set-national-id", Method: api.PUT, Path: "/v1/members/{id}/national-id",
	Summary: "Keep a member's national ID or passport number, sealed; members set their own",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member},
	Errors:  []*fail.Error{member.ErrNotFound, member.ErrArchived, member.ErrNationalID, member.ErrNationalIDTaken},
	Needs:   []need.Need{need.Postgres, need.NationalIDKeys, need.NationalIDIndex},
}

type setNationalIDInput struct {
	ID   id.Member `path:"id"`
	Body struct {
		Kind    string        `json:"kind,omitempty" enum:"il,passport" default:"il"`
		Country string        `json:"country,omitempty" maxLength:"2" doc:"Of a passport: ISO 3166, two letters"`
		Number  secret.Secret `json:"number" minLength:"1" maxLength:"40"`
	}
}

// SetNationalID keeps a member's number.
func SetNationalID(ids NationalIDSetter) api.Endpoint {
	return api.New(SetNationalIDOp, func(ctx context.Context, c api.Caller, in *setNationalIDInput) (*hintOutput, error) {
		hint, err := ids.Set(ctx, c, in.ID, member.Document{Kind: in.Body.Kind, Country: in.Body.Country, Number: in.Body.Number})
		if err != nil {
			return nil, err
		}
		return hintOut(hint), nil
	})
}
