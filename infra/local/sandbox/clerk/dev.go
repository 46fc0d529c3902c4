package main

import (
	"encoding/base64"
	"net/http"
	"strings"

	"fitkit/infra/local/sandbox/internal/process"
)

// devRoutes are the sandbox's own: no vendor has them.
func (s *server) devRoutes(mux *http.ServeMux) {
	s.dev(mux, "POST /_dev/token", s.devToken)
	s.dev(mux, "POST /_dev/studio", s.devStudio)
	s.dev(mux, "POST /_dev/users", s.createUser)
	s.dev(mux, "POST /_dev/invitations/{id}/accept", s.acceptInvitation)
	s.dev(mux, "POST /_dev/keys/rotate", func(*http.Request) (any, error) {
		err := s.keys.rotate()
		return s.keys.public(), err
	})
	s.dev(mux, "DELETE /_dev/keys/{kid}", func(r *http.Request) (any, error) {
		err := s.keys.remove(r.PathValue("kid"))
		return s.keys.public(), err
	})
	s.dev(mux, "GET /_dev/publishable-key", func(*http.Request) (any, error) {
		return map[string]string{"publishableKey": s.publishableKey()}, nil
	})
	s.dev(mux, "GET /_dev/webhooks", func(*http.Request) (any, error) { return s.sender.logged(), nil })
	s.dev(mux, "POST /_dev/webhooks", s.devWebhooks)
	s.dev(mux, "POST /_dev/limits", s.devLimits)
	mux.HandleFunc("GET /_dev/jwt-key.pem", s.jwtKey)
}

// publishableKey names the issuer's host, as the vendor's does.
func (s *server) publishableKey() string {
	_, host, _ := strings.Cut(s.issuer, "://")
	return "pk_test_" + base64.StdEncoding.EncodeToString([]byte(host+"$"))
}

func (s *server) jwtKey(w http.ResponseWriter, _ *http.Request) {
	text, err := s.keys.pem()
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	if _, err := w.Write(text); err != nil {
		return // the client left
	}
}

func (s *server) devToken(r *http.Request) (any, error) {
	var in tokenRequest
	if err := process.ReadJSON(r, &in); err != nil {
		return nil, invalid("request_body_invalid", err.Error())
	}
	jwt, err := s.mint(in)
	return tokenAnswer{"token", jwt}, err
}

func (s *server) devWebhooks(r *http.Request) (any, error) {
	var in switches
	if err := process.ReadJSON(r, &in); err != nil {
		return nil, invalid("request_body_invalid", err.Error())
	}
	s.sender.set(in)
	return in, nil
}

func (s *server) devLimits(r *http.Request) (any, error) {
	var in limits
	if err := process.ReadJSON(r, &in); err != nil {
		return nil, invalid("request_body_invalid", err.Error())
	}
	s.limits.set(in)
	return in, nil
}

// acceptInvitation makes a user a member as invited; the invitation's metadata moves over.
func (s *server) acceptInvitation(r *http.Request) (any, error) {
	var in memberRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	return s.closeInvitation(r.PathValue("id"), "accepted", func(c *change, i *invitation) error {
		i.UserID = in.UserID
		_, err := s.join(c, i.OrganizationID, in.UserID, i.Role, i.PublicMetadata)
		return err
	})
}

// studioStaff is who works in a studio made by /_dev/studio: FitKit's four roles.
var studioStaff = []struct{ role, clerkRole, first, last string }{
	{"owner", "org:admin", "דנה", "כהן"},
	{"manager", "org:member", "יואב", "לוי"},
	{"front_desk", "org:member", "מאיה", "פרץ"},
	{"coach", "org:member", "אורי", "ביטון"},
}

type studio struct {
	Organization string            `json:"organization"`
	Name         string            `json:"name"`
	Slug         string            `json:"slug"`
	Users        map[string]string `json:"users"` // role → user id
}

// devStudio makes an organisation and its staff in one step, with their webhooks in order.
func (s *server) devStudio(r *http.Request) (any, error) {
	var in struct {
		Name string `json:"name"`
		Slug string `json:"slug"`
	}
	if err := process.ReadJSON(r, &in); err != nil {
		return nil, invalid("request_body_invalid", err.Error())
	}
	out := studio{Name: in.Name, Users: map[string]string{}}
	err := s.accounts.update(func(c *change) error {
		staff := s.newStaff(in.Slug)
		for i, u := range staff {
			c.putUser(u, "user.created")
			out.Users[studioStaff[i].role] = u.ID
		}
		o, err := s.addOrg(c, orgRequest{Name: &in.Name, Slug: &in.Slug, CreatedBy: staff[0].ID})
		if err != nil {
			return err
		}
		out.Organization, out.Slug = o.ID, o.Slug
		for i, u := range staff {
			role := metadata{"role": studioStaff[i].role}
			c.putMembership(newMembership(o, u, studioStaff[i].clerkRole, role, s.stamp()), "organizationMembership.created")
		}
		return nil
	})
	return out, err
}

// newStaff are the users of a studio; their addresses are the role at the slug.
func (s *server) newStaff(slug string) []user {
	var out []user
	for _, p := range studioStaff {
		u := newUser(p.role+"+clerk_test@"+slug+".example", p.first, p.last, s.stamp())
		u.PublicMetadata = metadata{"role": p.role}
		out = append(out, u)
	}
	return out
}
