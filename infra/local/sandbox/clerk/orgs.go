package main

import (
	"net/http"
	"strconv"
)

func (s *server) orgRoutes(mux *http.ServeMux) {
	s.backend(mux, "GET /v1/organizations", s.listOrgs)
	s.backend(mux, "POST /v1/organizations", s.createOrg)
	s.backend(mux, "GET /v1/organizations/{id}", s.getOrg)
	s.backend(mux, "PATCH /v1/organizations/{id}", s.updateOrg)
	s.backend(mux, "PATCH /v1/organizations/{id}/metadata", s.updateOrg)
	s.backend(mux, "DELETE /v1/organizations/{id}", s.deleteOrg)
}

type orgRequest struct {
	Name                  *string  `json:"name"`
	Slug                  *string  `json:"slug"`
	CreatedBy             string   `json:"created_by"`
	MaxAllowedMemberships *int     `json:"max_allowed_memberships"`
	PublicMetadata        metadata `json:"public_metadata"`
	PrivateMetadata       metadata `json:"private_metadata"`
}

func (in orgRequest) apply(o *organization) {
	if in.Name != nil {
		o.Name = *in.Name
	}
	if in.Slug != nil {
		o.Slug = *in.Slug
	}
	if in.MaxAllowedMemberships != nil {
		o.MaxAllowedMemberships = *in.MaxAllowedMemberships
	}
	o.PublicMetadata = merge(o.PublicMetadata, in.PublicMetadata)
	o.PrivateMetadata = merge(o.PrivateMetadata, in.PrivateMetadata)
}

// paged cuts limit (1 to 500, default 10) and offset out of all.
func paged[T any](r *http.Request, all []T) ([]T, error) {
	limit, offset := 10, 0
	for name, target := range map[string]*int{"limit": &limit, "offset": &offset} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || name == "limit" && (n < 1 || n > 500) {
			return nil, invalid("form_param_value_invalid", name+" is out of range")
		}
		*target = n
	}
	offset = min(offset, len(all))
	return all[offset:min(len(all), offset+limit)], nil
}

// listed is a page of all with the total count.
func listed[T any](r *http.Request, all []T) (any, error) {
	page, err := paged(r, all)
	return list[T]{page, len(all)}, err
}

func (s *server) listOrgs(r *http.Request) (any, error) {
	var all []organization
	s.accounts.read(func() { all = sorted(s.accounts.orgs, func(organization) bool { return true }) })
	return listed(r, all)
}

func (s *server) createOrg(r *http.Request) (any, error) {
	var in orgRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	var o organization
	err := s.accounts.update(func(c *change) (err error) {
		if o, err = s.addOrg(c, in); err != nil || in.CreatedBy == "" {
			return err
		}
		creator, found := s.accounts.users[in.CreatedBy]
		if !found {
			return notFound("created_by")
		}
		c.putMembership(newMembership(o, creator, "org:admin", nil, s.stamp()), "organizationMembership.created")
		return nil
	})
	return o, err
}

// addOrg puts a new organisation into c. The caller holds the lock.
func (s *server) addOrg(c *change, in orgRequest) (organization, error) {
	now := s.stamp()
	o := organization{ID: newID("org"), Object: "organization", CreatedBy: in.CreatedBy, CreatedAt: now, UpdatedAt: now}
	in.apply(&o)
	if o.Name == "" {
		return o, invalid("form_param_missing", "name is required")
	}
	if o.Slug == "" {
		o.Slug = o.ID
	}
	if _, taken := s.accounts.findOrg(o.Slug); taken {
		return o, invalid("duplicate_record", "that slug is taken")
	}
	c.putOrg(o, "organization.created")
	return o, nil
}

func (c *change) putOrg(o organization, event string) {
	c.Orgs = append(c.Orgs, o)
	c.tell(event, o)
}

func (s *server) getOrg(r *http.Request) (any, error) {
	var o organization
	var err error
	s.accounts.read(func() {
		var found bool
		if o, found = s.accounts.findOrg(r.PathValue("id")); !found {
			err = notFound("organization")
			return
		}
		if r.URL.Query().Get("include_members_count") == "true" {
			n := len(s.membersOf(o.ID))
			o.MembersCount = &n
		}
	})
	return o, err
}

func (s *server) updateOrg(r *http.Request) (any, error) {
	var in orgRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	var o organization
	err := s.accounts.update(func(c *change) error {
		var found bool
		if o, found = s.accounts.findOrg(r.PathValue("id")); !found {
			return notFound("organization")
		}
		if other, taken := s.accounts.findOrg(deref(in.Slug)); taken && other.ID != o.ID {
			return invalid("duplicate_record", "that slug is taken")
		}
		in.apply(&o)
		o.UpdatedAt = max(s.stamp(), o.UpdatedAt+1)
		c.putOrg(o, "organization.updated")
		return nil
	})
	return o, err
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// deleteOrg ends the organisation's memberships with it.
func (s *server) deleteOrg(r *http.Request) (any, error) {
	var gone deleted
	err := s.accounts.update(func(c *change) error {
		o, found := s.accounts.findOrg(r.PathValue("id"))
		if !found {
			return notFound("organization")
		}
		for _, m := range s.membersOf(o.ID) {
			c.dropMembership(m)
		}
		gone = deleted{Object: "organization", ID: o.ID, Slug: o.Slug, Deleted: true}
		c.Gone = append(c.Gone, o.ID)
		c.tell("organization.deleted", gone)
		return nil
	})
	return gone, err
}
