package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/sandbox/internal/journal"
)

// store keeps accounts in memory and in a journal. Values are replaced, never changed in place.
type store struct {
	journal *journal.Journal
	publish func(notice)

	mu          sync.Mutex
	instance    string
	users       map[string]user
	orgs        map[string]organization
	memberships map[string]membership
	invitations map[string]invitation
	sessions    map[string]session
}

// change is one line of the journal: all its parts happen together.
type change struct {
	Instance    string         `json:"instance,omitempty"`
	Users       []user         `json:"users,omitempty"`
	Orgs        []organization `json:"orgs,omitempty"`
	Memberships []membership   `json:"memberships,omitempty"`
	Invitations []invitation   `json:"invitations,omitempty"`
	Sessions    []session      `json:"sessions,omitempty"`
	Gone        []string       `json:"gone,omitempty"` // ids of whatever was deleted

	notices []notice
}

// notice is what a webhook tells.
type notice struct {
	Type     string
	Data     any
	Instance string
	At       time.Time
}

func (c *change) tell(event string, data any) {
	c.notices = append(c.notices, notice{Type: event, Data: data})
}

func openStore(path string, publish func(notice)) (*store, error) {
	s := &store{
		publish: publish, users: map[string]user{}, orgs: map[string]organization{},
		memberships: map[string]membership{}, invitations: map[string]invitation{}, sessions: map[string]session{},
	}
	var err error
	s.journal, err = journal.Open(path, false, func(line []byte) error {
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		s.apply(c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	if s.instance != "" {
		return s, nil
	}
	return s, s.update(func(c *change) error {
		c.Instance = newID("ins")
		return nil
	})
}

func (s *store) close() {
	if err := s.journal.Close(); err != nil {
		slog.Error("close accounts", "error", err)
	}
}

// update lets fill describe a change from what is stored, applies it, keeps it, and publishes its
// notices in the order of the changes. An error from fill changes nothing.
func (s *store) update(fill func(*change) error) error {
	var c change
	s.mu.Lock()
	if err := fill(&c); err != nil {
		s.mu.Unlock()
		return err
	}
	line, err := json.Marshal(c)
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("encode change: %w", err)
	}
	commit := s.journal.Append(line)
	s.apply(c)
	for _, n := range c.notices {
		n.Instance, n.At = s.instance, time.Now()
		s.publish(n)
	}
	s.mu.Unlock()
	return commit.Wait()
}

// read runs look under the lock.
func (s *store) read(look func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look()
}

func (s *store) apply(c change) {
	if c.Instance != "" {
		s.instance = c.Instance
	}
	for _, u := range c.Users {
		s.users[u.ID] = u
	}
	for _, o := range c.Orgs {
		s.orgs[o.ID] = o
	}
	for _, m := range c.Memberships {
		s.memberships[m.ID] = m
	}
	for _, i := range c.Invitations {
		s.invitations[i.ID] = i
	}
	for _, x := range c.Sessions {
		s.sessions[x.ID] = x
	}
	for _, id := range c.Gone {
		delete(s.users, id)
		delete(s.orgs, id)
		delete(s.memberships, id)
		delete(s.invitations, id)
		delete(s.sessions, id)
	}
}

// membershipOf returns an organisation and the user's role there; both are empty when unknown.
func (s *store) membershipOf(userID, orgID string) (organization, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, _ := s.findMembership(orgID, userID)
	return s.orgs[orgID], m.Role
}

// findMembership, findOrg and findUserByEmail need the lock.
func (s *store) findMembership(orgID, userID string) (membership, bool) {
	for _, m := range s.memberships {
		if m.Organization.ID == orgID && m.PublicUserData.UserID == userID {
			return m, true
		}
	}
	return membership{}, false
}

// findOrg takes an id or a slug.
func (s *store) findOrg(idOrSlug string) (organization, bool) {
	if o, found := s.orgs[idOrSlug]; found {
		return o, true
	}
	for _, o := range s.orgs {
		if o.Slug == idOrSlug {
			return o, true
		}
	}
	return organization{}, false
}

func (s *store) findUserByEmail(email string) (user, bool) {
	for _, u := range s.users {
		if strings.EqualFold(u.email(), email) {
			return u, true
		}
	}
	return user{}, false
}

// sorted lists the values of a map by their ids, which are in order of creation.
func sorted[T any](m map[string]T, keep func(T) bool) []T {
	out := []T{}
	for _, id := range slices.Sorted(maps.Keys(m)) {
		if keep(m[id]) {
			out = append(out, m[id])
		}
	}
	return out
}

var ids struct {
	sync.Mutex
	last int64
}

// newID makes an id such as user_… that sorts after all made before it.
func newID(prefix string) string {
	ids.Lock()
	ids.last = max(ids.last+1, time.Now().UnixMicro())
	at := ids.last
	ids.Unlock()
	return fmt.Sprintf("%s_%013x%s", prefix, at, rand.Text()[:12])
}

// milliseconds is the backend API's time.
func milliseconds(t time.Time) int64 { return t.UnixMilli() }
