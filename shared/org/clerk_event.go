package org

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
)

// Event is what FitKit keeps of a message from Clerk: the few fields it applies, and no others.
type Event struct {
	Type      string    `json:"type"`
	At        time.Time `json:"at"`         // when Clerk says it happened, for deletions, which carry no time of change
	UpdatedAt time.Time `json:"updated_at"` // when the thing was last changed, by Clerk's clock
	UserID    string    `json:"user_id,omitempty"`
	UserName  string    `json:"user_name,omitempty"`
	Email     string    `json:"email,omitempty"`
	OrgID     string    `json:"org_id,omitempty"`
	OrgName   string    `json:"org_name,omitempty"`
	OrgSlug   string    `json:"org_slug,omitempty"`
	Role      string    `json:"role,omitempty"` // Clerk's, without its org: prefix
}

// The types of events that are applied.
const (
	userCreated       = "user.created"
	userUpdated       = "user.updated"
	userDeleted       = "user.deleted"
	orgCreated        = "organization.created"
	orgUpdated        = "organization.updated"
	orgDeleted        = "organization.deleted"
	membershipCreated = "organizationMembership.created"
	membershipUpdated = "organizationMembership.updated"
	membershipDeleted = "organizationMembership.deleted"
)

// ErrNotOurs means a message that nothing is to be done about: another type, or none of Clerk's events.
var ErrNotOurs = errors.New("no event that FitKit applies")

// clerkMessage is Clerk's envelope with the union of the fields that are read of its data.
type clerkMessage struct {
	Type       string `json:"type"`
	Timestamp  int64  `json:"timestamp"` // milliseconds
	InstanceID string `json:"instance_id"`
	Data       struct {
		ID             string         `json:"id"`
		Name           string         `json:"name"`
		Slug           string         `json:"slug"`
		Role           string         `json:"role"`
		UpdatedAt      int64          `json:"updated_at"` // milliseconds
		FirstName      string         `json:"first_name"`
		LastName       string         `json:"last_name"`
		PrimaryEmailID string         `json:"primary_email_address_id"`
		Emails         []clerkEmail   `json:"email_addresses"`
		Organization   clerkOrg       `json:"organization"`
		User           clerkPublicBit `json:"public_user_data"`
	} `json:"data"`
}

type clerkEmail struct {
	ID      string `json:"id"`
	Address string `json:"email_address"`
}

type clerkOrg struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

type clerkPublicBit struct {
	UserID     string `json:"user_id"`
	Identifier string `json:"identifier"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
}

// ParseEvent cuts a verified message down to what is kept. received stands in for a time that the message lacks.
// instance is the Clerk instance it says it comes from.
func ParseEvent(body []byte, received time.Time) (e Event, instance string, err error) {
	var m clerkMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return e, "", ErrNotOurs
	}
	e = Event{Type: m.Type, At: millis(m.Timestamp, received)}
	e.UpdatedAt = millis(m.Data.UpdatedAt, e.At)
	d := m.Data
	switch m.Type {
	case userCreated, userUpdated, userDeleted:
		e.UserID, e.UserName = d.ID, plain(d.FirstName+" "+d.LastName)
		for _, mail := range d.Emails {
			if mail.ID == d.PrimaryEmailID {
				e.Email = plain(mail.Address)
			}
		}
	case orgCreated, orgUpdated, orgDeleted:
		e.OrgID, e.OrgName, e.OrgSlug = d.ID, plain(d.Name), plain(d.Slug)
	case membershipCreated, membershipUpdated, membershipDeleted:
		e.OrgID, e.OrgName, e.OrgSlug = d.Organization.ID, plain(d.Organization.Name), plain(d.Organization.Slug)
		e.UserID, e.UserName = d.User.UserID, plain(d.User.FirstName+" "+d.User.LastName)
		if strings.Contains(d.User.Identifier, "@") {
			e.Email = plain(d.User.Identifier)
		}
		e.Role = strings.TrimPrefix(plain(d.Role), "org:")
	default:
		return e, m.InstanceID, ErrNotOurs
	}
	if !e.complete() {
		return e, m.InstanceID, ErrNotOurs
	}
	return e, m.InstanceID, nil
}

// complete says whether the event names what it is about, in ids of Clerk's form.
func (e Event) complete() bool {
	user, org := strings.HasPrefix(e.UserID, "user_"), strings.HasPrefix(e.OrgID, "org_")
	if plain(e.UserID) != e.UserID || plain(e.OrgID) != e.OrgID {
		return false
	}
	switch {
	case strings.HasPrefix(e.Type, "user."):
		return user
	case strings.HasPrefix(e.Type, "organization."):
		return org
	}
	return user && org
}

func millis(ms int64, fallback time.Time) time.Time {
	if ms <= 0 {
		return fallback
	}
	return time.UnixMilli(ms).UTC()
}

// maxPlain is the most runes of a name or address, as orgs_name_length asks; normalising can lengthen what was typed.
const maxPlain = 200

// plain drops what a database or a page cannot hold and cuts what is too long. Clerk's users type these texts, and
// nobody waits for an answer who could correct them.
func plain(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s))
	if runes := []rune(s); len(runes) > maxPlain {
		s = strings.TrimSpace(string(runes[:maxPlain]))
	}
	return s
}
