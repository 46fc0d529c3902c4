// Package orgapi is the endpoints of the studio itself and of who works there.
package orgapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// MeReader is what GetMe needs.
type MeReader interface {
	Me(ctx context.Context, c tenancy.Caller) (org.Me, error)
}

// GetMeOp declares GET /v1/me.
var GetMeOp = api.Op{
	Name: "api-org-get-me", Method: api.GET, Path: "/v1/me",
	Summary: "Who the caller is in this studio and what they may do",
	Roles:   tenancy.People,
	Needs:   []need.Need{need.Postgres},
}

type meOutput struct {
	UserID   string       `json:"user_id" doc:"Clerk's id of the signed-in user"`
	Name     string       `json:"name" doc:"As the studio knows them; may be empty"`
	Email    string       `json:"email"`
	Role     tenancy.Role `json:"role" enum:"owner,manager,front_desk,coach,member"`
	StaffID  *id.Staff    `json:"staff_id,omitempty"`
	MemberID *id.Member   `json:"member_id,omitempty"`
	May      []string     `json:"may" nullable:"false" doc:"The operations open to this role, such as member-create; members only for what is theirs"`
	Org      meOrg        `json:"org"`
	Flags    meFlags      `json:"flags"`
}

type meOrg struct {
	ID       id.Org    `json:"id"`
	Name     string    `json:"name"`
	Language string    `json:"language" enum:"he,en"`
	Zone     string    `json:"time_zone" doc:"IANA name; civil dates are of this zone"`
	Now      time.Time `json:"now" doc:"The studio's business time: its test clock's, when it has one"`
}

type meFlags struct {
	TestMode      bool `json:"test_mode" doc:"The studio is a test studio, with a clock of its own and no real money"`
	ChargesPaused bool `json:"charges_paused"`
}

// GetMe tells the caller about themself.
func GetMe(people MeReader) api.Endpoint {
	return api.New(GetMeOp, func(ctx context.Context, c api.Caller, _ *struct{}) (*meOutput, error) {
		me, err := people.Me(ctx, c)
		if err != nil {
			return nil, err
		}
		out := &meOutput{UserID: c.UserID, Name: me.Name, Email: me.Email, Role: me.Role, May: org.Permissions(me.Role),
			Org:   meOrg{ID: me.Org, Name: me.OrgName, Language: me.OrgLanguage, Zone: me.Zone, Now: me.Now.UTC()},
			Flags: meFlags{TestMode: me.TestMode, ChargesPaused: me.ChargesPaused}}
		if me.Role == tenancy.Member {
			out.MemberID = &me.MemberID
		} else {
			out.StaffID = &me.StaffID
		}
		return out, nil
	})
}
