package main

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *server) memberRoutes(mux *http.ServeMux) {
	s.backend(mux, "GET /v1/organizations/{id}/memberships", s.listMembers)
	s.backend(mux, "POST /v1/organizations/{id}/memberships", s.addMember)
	s.backend(mux, "PATCH /v1/organizations/{id}/memberships/{user}", s.changeMember)
	s.backend(mux, "DELETE /v1/organizations/{id}/memberships/{user}", s.removeMember)
	s.backend(mux, "GET /v1/organizations/{id}/invitations", s.listInvitations)
	s.backend(mux, "POST /v1/organizations/{id}/invitations", s.invite)
	s.backend(mux, "POST /v1/organizations/{id}/invitations/{invitation}/revoke", s.revokeInvitation)
}

// membersOf lists an organisation's memberships. The caller holds the lock.
func (s *server) membersOf(org string) []membership {
	return sorted(s.accounts.memberships, func(m membership) bool { return m.Organization.ID == org })
}

func (s *server) listMembers(r *http.Request) (any, error) {
	q := r.URL.Query()
	wants := func(name, value string) bool { return !q.Has(name) || slices.Contains(q[name], value) }
	var all []membership
	s.accounts.read(func() {
		for _, m := range s.membersOf(r.PathValue("id")) {
			if wants("user_id", m.PublicUserData.UserID) && wants("role", m.Role) && wants("email_address", m.PublicUserData.Identifier) {
				all = append(all, m)
			}
		}
	})
	return listed(r, append([]membership{}, all...))
}

type memberRequest struct {
	UserID string `json:"user_id"`
	Role   string `json:"role"`
}

func (s *server) addMember(r *http.Request) (any, error) {
	var in memberRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	var m membership
	err := s.accounts.update(func(c *change) (err error) {
		m, err = s.join(c, r.PathValue("id"), in.UserID, in.Role, nil)
		return err
	})
	return m, err
}

// join puts a new membership into c. The caller holds the lock.
func (s *server) join(c *change, orgID, userID, role string, public metadata) (membership, error) {
	o, orgFound := s.accounts.findOrg(orgID)
	u, userFound := s.accounts.users[userID]
	switch {
	case !orgFound:
		return membership{}, notFound("organization")
	case !userFound:
		return membership{}, notFound("user")
	case !strings.HasPrefix(role, "org:"):
		return membership{}, invalid("form_param_value_invalid", "role begins with org:")
	}
	if _, already := s.accounts.findMembership(o.ID, userID); already {
		return membership{}, invalid("already_a_member_in_organization", "the user is a member already")
	}
	if n := o.MaxAllowedMemberships; n > 0 && len(s.membersOf(o.ID)) >= n {
		return membership{}, apiError{http.StatusForbidden, "organization_membership_quota_exceeded", "the organization is full"}
	}
	m := newMembership(o, u, role, public, s.stamp())
	c.putMembership(m, "organizationMembership.created")
	return m, nil
}

func (c *change) putMembership(m membership, event string) {
	c.Memberships = append(c.Memberships, m)
	c.tell(event, m)
}

func (c *change) dropMembership(m membership) {
	c.Gone = append(c.Gone, m.ID)
	c.tell("organizationMembership.deleted", m)
}

func (s *server) changeMember(r *http.Request) (any, error) {
	var in memberRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	var m membership
	err := s.accounts.update(func(c *change) error {
		var found bool
		if m, found = s.accounts.findMembership(r.PathValue("id"), r.PathValue("user")); !found {
			return notFound("membership")
		}
		if !strings.HasPrefix(in.Role, "org:") {
			return invalid("form_param_value_invalid", "role begins with org:")
		}
		m.Role, m.UpdatedAt = in.Role, max(s.stamp(), m.UpdatedAt+1)
		c.putMembership(m, "organizationMembership.updated")
		return nil
	})
	return m, err
}

func (s *server) removeMember(r *http.Request) (any, error) {
	var m membership
	err := s.accounts.update(func(c *change) error {
		var found bool
		if m, found = s.accounts.findMembership(r.PathValue("id"), r.PathValue("user")); !found {
			return notFound("membership")
		}
		c.dropMembership(m)
		return nil
	})
	return m, err
}

func (s *server) listInvitations(r *http.Request) (any, error) {
	var all []invitation
	s.accounts.read(func() {
		all = sorted(s.accounts.invitations, func(i invitation) bool { return i.OrganizationID == r.PathValue("id") })
	})
	return listed(r, all)
}

type inviteRequest struct {
	EmailAddress   string   `json:"email_address"`
	Role           string   `json:"role"`
	InviterUserID  *string  `json:"inviter_user_id"`
	ExpiresInDays  int      `json:"expires_in_days"`
	PublicMetadata metadata `json:"public_metadata"`
}

// defaultInvitationDays is how long an invitation lasts when the request does not say.
const defaultInvitationDays = 30

func (s *server) invite(r *http.Request) (any, error) {
	in := inviteRequest{ExpiresInDays: defaultInvitationDays}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.EmailAddress == "" || !strings.HasPrefix(in.Role, "org:") || in.ExpiresInDays < 1 || in.ExpiresInDays > 365 {
		return nil, invalid("form_param_invalid", "email_address and role (org:…) are required; expires_in_days is 1 to 365")
	}
	now := s.now()
	i := invitation{
		ID: newID("orginv"), Object: "organization_invitation", EmailAddress: in.EmailAddress, Role: in.Role,
		OrganizationID: r.PathValue("id"), InviterID: in.InviterUserID, Status: "pending", PublicMetadata: merge(nil, in.PublicMetadata),
		CreatedAt: milliseconds(now), UpdatedAt: milliseconds(now),
		ExpiresAt: milliseconds(now.Add(time.Duration(in.ExpiresInDays) * 24 * time.Hour)),
	}
	return i, s.accounts.update(func(c *change) error {
		if _, found := s.accounts.orgs[i.OrganizationID]; !found {
			return notFound("organization")
		}
		for _, other := range s.accounts.invitations {
			if other.OrganizationID == i.OrganizationID && strings.EqualFold(other.EmailAddress, i.EmailAddress) && other.Status == "pending" {
				return invalid("duplicate_record", "that address has an open invitation")
			}
		}
		c.putInvitation(i, "organizationInvitation.created")
		return nil
	})
}

func (c *change) putInvitation(i invitation, event string) {
	c.Invitations = append(c.Invitations, i)
	c.tell(event, i)
}

func (s *server) revokeInvitation(r *http.Request) (any, error) {
	return s.closeInvitation(r.PathValue("invitation"), "revoked", func(*change, *invitation) error { return nil })
}

// closeInvitation gives an open invitation its final status, with what finish adds.
func (s *server) closeInvitation(id, status string, finish func(*change, *invitation) error) (any, error) {
	var i invitation
	err := s.accounts.update(func(c *change) error {
		var found bool
		if i, found = s.accounts.invitations[id]; !found {
			return notFound("invitation")
		}
		if i.Status != "pending" || i.ExpiresAt < s.stamp() {
			return apiError{http.StatusBadRequest, "organization_invitation_not_pending", "the invitation is closed"}
		}
		if err := finish(c, &i); err != nil {
			return err
		}
		i.Status, i.UpdatedAt = status, max(s.stamp(), i.UpdatedAt+1)
		c.putInvitation(i, "organizationInvitation."+status)
		return nil
	})
	return i, err
}
