package seed

import (
	"context"
	"fmt"
	"strings"
)

// Roles are those of the demo studio's people.
var Roles = []string{"owner", "manager", "front_desk", "coach", "member"}

// Session is somebody who is signed in.
type Session struct {
	JWT string
	Org string // the FitKit-Org header that goes with it; empty for staff, whose token names their studio
}

// SignIn mints a session of one of the demo studio's people, as make token prints it.
func (r *Record) SignIn(ctx context.Context, clerk Clerk, role string) (s Session, err error) {
	user, organisation := r.Studio.Users[role], r.Studio.Organization
	if role == "member" {
		user, organisation, s.Org = r.MemberUser, "", r.Org
	}
	if user == "" {
		last := len(Roles) - 1
		return s, fmt.Errorf("The demo studio has no %s to sign in as. Roles are %s and %s.", role, strings.Join(Roles[:last], ", "), Roles[last])
	}
	s.JWT, err = clerk.Token(ctx, user, organisation)
	return s, err
}

// Curl is a command that asks the API who is signed in.
func (s Session) Curl(api string) string {
	header := ""
	if s.Org != "" {
		header = " -H 'FitKit-Org: " + s.Org + "'"
	}
	return "curl -H 'Authorization: Bearer " + s.JWT + "'" + header + " " + api + "/v1/me"
}
