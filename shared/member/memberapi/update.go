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

// Updater is what Update needs.
type Updater interface {
	Update(ctx context.Context, c tenancy.Caller, member id.Member, version int, ch member.Change) (member.Member, error)
}

// UpdateOp declares PATCH /v1/members/{id}.
var UpdateOp = api.Op{
	Name: "api-member-update", Method: api.PATCH, Path: "/v1/members/{id}",
	Summary: "Change a member's card; what is left out stays as it is. Members change phone, e-mail and language of their own",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member},
	Errors: []*fail.Error{member.ErrNotFound, member.ErrVersionConflict, member.ErrArchived, member.ErrStaffOnly, member.ErrName,
		member.ErrPhone, member.ErrPhoneTaken, member.ErrEmail, member.ErrBirthDate},
	Needs: []need.Need{need.Postgres},
}

type updateInput struct {
	ID   id.Member `path:"id"`
	Body struct {
		Version          int     `json:"version" minimum:"1" maximum:"2147483647" doc:"The version that was read"`
		Name             *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		LatinName        *string `json:"latin_name,omitempty" maxLength:"200"`
		Phone            *string `json:"phone,omitempty" maxLength:"40" doc:"Empty removes it"`
		AllowSharedPhone bool    `json:"allow_shared_phone,omitempty" doc:"With phone: another member may have it too"`
		Email            *string `json:"email,omitempty" maxLength:"254" doc:"Empty removes it"`
		BirthDate        *string `json:"birth_date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; empty removes it"`
		Language         *string `json:"language,omitempty" enum:"he,en,ar,ru"`
	}
}

// Update changes a card.
func Update(members Updater) api.Endpoint {
	return api.New(UpdateOp, func(ctx context.Context, c api.Caller, in *updateInput) (*CardOutput, error) {
		b := in.Body
		m, err := members.Update(ctx, c, in.ID, b.Version, member.Change{Name: b.Name, LatinName: b.LatinName, Phone: b.Phone,
			Email: b.Email, BirthDate: b.BirthDate, Language: b.Language, AllowSharedPhone: b.AllowSharedPhone})
		if err != nil {
			return nil, err
		}
		return cardOut(m), nil
	})
}
