package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/member"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Creator is what Create needs.
type Creator interface {
	Create(ctx context.Context, c tenancy.Caller, n member.New) (member.Member, error)
}

// CreateOp declares POST /v1/members.
var CreateOp = api.Op{
	Name: "api-member-create", Method: api.POST, Path: "/v1/members", Status: 201,
	Summary: "Create a member; name, phone and e-mail are brought to one form",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk},
	Errors:  []*fail.Error{member.ErrName, member.ErrPhone, member.ErrPhoneTaken, member.ErrEmail, member.ErrBirthDate},
	Needs:   []need.Need{need.Postgres},
}

type createInput struct {
	Body struct {
		Name             string `json:"name" minLength:"1" maxLength:"200" doc:"As the member writes it, in Hebrew or any script"`
		LatinName        string `json:"latin_name,omitempty" maxLength:"200"`
		Phone            string `json:"phone,omitempty" maxLength:"40" doc:"In any spelling; stored as E.164"`
		AllowSharedPhone bool   `json:"allow_shared_phone,omitempty" doc:"Create even though another member has this phone, as families do"`
		Email            string `json:"email,omitempty" maxLength:"254"`
		BirthDate        string `json:"birth_date,omitempty" maxLength:"10" doc:"YYYY-MM-DD"`
		Language         string `json:"language,omitempty" enum:"he,en,ar,ru" default:"he" doc:"What we write to them in"`
	}
}

// Create makes a member's card.
func Create(members Creator) api.Endpoint {
	return api.New(CreateOp, func(ctx context.Context, c api.Caller, in *createInput) (*CardOutput, error) {
		b := in.Body
		m, err := members.Create(ctx, c, member.New{Name: b.Name, LatinName: b.LatinName, Phone: b.Phone, Email: b.Email,
			BirthDate: b.BirthDate, Language: b.Language, AllowSharedPhone: b.AllowSharedPhone})
		if err != nil {
			return nil, err
		}
		return cardOut(m), nil
	})
}
