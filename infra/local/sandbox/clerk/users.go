package main

import (
	"net/http"
	"slices"
	"strings"
)

func (s *server) userRoutes(mux *http.ServeMux) {
	s.backend(mux, "GET /v1/users", s.listUsers)
	s.backend(mux, "POST /v1/users", s.createUser)
	s.backend(mux, "GET /v1/users/{id}", func(r *http.Request) (any, error) { return s.user(r.PathValue("id")) })
	s.backend(mux, "PATCH /v1/users/{id}", s.updateUser)
	s.backend(mux, "DELETE /v1/users/{id}", s.deleteUser)
}

type userRequest struct {
	EmailAddress    []string `json:"email_address"`
	PhoneNumber     []string `json:"phone_number"`
	FirstName       *string  `json:"first_name"`
	LastName        *string  `json:"last_name"`
	ExternalID      *string  `json:"external_id"`
	PublicMetadata  metadata `json:"public_metadata"`
	PrivateMetadata metadata `json:"private_metadata"`
}

func (s *server) user(id string) (u user, err error) {
	s.accounts.read(func() {
		var found bool
		if u, found = s.accounts.users[id]; !found {
			err = notFound("user")
		}
	})
	return u, err
}

// listUsers answers a plain array, the one list of the backend API without total_count.
func (s *server) listUsers(r *http.Request) (any, error) {
	emails := r.URL.Query()["email_address"]
	var all []user
	s.accounts.read(func() {
		all = sorted(s.accounts.users, func(u user) bool {
			return len(emails) == 0 || slices.ContainsFunc(emails, func(e string) bool { return strings.EqualFold(e, u.email()) })
		})
	})
	return paged(r, all)
}

func (s *server) createUser(r *http.Request) (any, error) {
	var in userRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	email := ""
	if len(in.EmailAddress) > 0 {
		email = in.EmailAddress[0]
	}
	u := newUser(email, "", "", s.stamp())
	in.apply(&u)
	for _, number := range in.PhoneNumber {
		u.PhoneNumbers = append(u.PhoneNumbers, phoneNumber{newID("idn"), "phone_number", number, verification{"verified", "phone_code"}})
	}
	return u, s.accounts.update(func(c *change) error {
		if _, taken := s.accounts.findUserByEmail(email); taken && email != "" {
			return invalid("form_identifier_exists", "that e-mail address is taken")
		}
		c.putUser(u, "user.created")
		return nil
	})
}

func (in userRequest) apply(u *user) {
	if in.FirstName != nil {
		u.FirstName = in.FirstName
	}
	if in.LastName != nil {
		u.LastName = in.LastName
	}
	if in.ExternalID != nil {
		u.ExternalID = in.ExternalID
	}
	u.PublicMetadata = merge(u.PublicMetadata, in.PublicMetadata)
	u.PrivateMetadata = merge(u.PrivateMetadata, in.PrivateMetadata)
}

func (s *server) updateUser(r *http.Request) (any, error) {
	var in userRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	var u user
	err := s.accounts.update(func(c *change) error {
		var found bool
		if u, found = s.accounts.users[r.PathValue("id")]; !found {
			return notFound("user")
		}
		in.apply(&u)
		u.UpdatedAt = max(s.stamp(), u.UpdatedAt+1)
		c.putUser(u, "user.updated")
		return nil
	})
	return u, err
}

// deleteUser ends the user's memberships and sessions with the user.
func (s *server) deleteUser(r *http.Request) (any, error) {
	gone := deleted{Object: "user", ID: r.PathValue("id"), Deleted: true}
	err := s.accounts.update(func(c *change) error {
		if _, found := s.accounts.users[gone.ID]; !found {
			return notFound("user")
		}
		for _, m := range sorted(s.accounts.memberships, func(m membership) bool { return m.PublicUserData.UserID == gone.ID }) {
			c.dropMembership(m)
		}
		for _, x := range sorted(s.accounts.sessions, func(x session) bool { return x.UserID == gone.ID }) {
			c.Gone = append(c.Gone, x.ID)
		}
		c.Gone = append(c.Gone, gone.ID)
		c.tell("user.deleted", gone)
		return nil
	})
	return gone, err
}

func (c *change) putUser(u user, event string) {
	c.Users = append(c.Users, u)
	c.tell(event, u)
}

// merge returns base with change merged into it, deeply; null removes a member.
func merge(base, change metadata) metadata {
	out := metadata{}
	for name, value := range base {
		out[name] = value
	}
	for name, value := range change {
		inner, isObject := value.(map[string]any)
		before, wasObject := out[name].(map[string]any)
		switch {
		case value == nil:
			delete(out, name)
		case isObject && wasObject:
			out[name] = map[string]any(merge(before, inner))
		default:
			out[name] = value
		}
	}
	return out
}
