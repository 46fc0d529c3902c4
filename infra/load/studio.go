package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
	"fitkit/shared/id"
)

// studio is what requests are about.
type studio struct {
	owner   *seed.Client
	members []string
	idle    chan card // those whom nobody changes at the moment
}

// card is a member's, with the version that a change must name.
type card struct {
	id      string
	version int
}

// later keeps the charges from being tried: nobody here has a card.
var later = time.Now().AddDate(0, 10, 0)

// people is how many members and charges there are: more than a page of each.
const people = 120

func newStudio(ctx context.Context, at platform.Addresses) (*studio, error) {
	clerk := seed.Clerk{URL: at.Clerk}
	made, err := clerk.CreateStudio(ctx, "סטודיו עומס", "load-"+newKey())
	if err != nil {
		return nil, err
	}
	s := &studio{owner: &seed.Client{API: at.API, Token: clerk.Session(made.Users["owner"], made.Organization)}, idle: make(chan card, people)}
	for i := range people {
		c, err := s.addMember(ctx, i)
		if err != nil {
			return nil, err
		}
		err = s.owner.Do(ctx, http.MethodPost, "/v1/charges", newKey(), map[string]any{
			"member_id": c.id, "kind": "one_off", "amount_agorot": 10_000 + i, "description": "Load", "due_at": later}, nil)
		if err != nil {
			return nil, err
		}
		s.members = append(s.members, c.id)
		s.idle <- c
	}
	return s, nil
}

func (s *studio) addMember(ctx context.Context, i int) (card, error) {
	var made struct {
		ID      string
		Version int
	}
	person := seed.MemberAt(i)
	err := s.owner.Do(ctx, http.MethodPost, "/v1/members", newKey(), map[string]any{
		"name": person.Name, "phone": person.Phone, "email": person.Email, "allow_shared_phone": true}, &made)
	return card{made.ID, made.Version}, err
}

func newKey() string { return id.New[id.Event]().String() }

// kind is one kind of request, with its parts in a hundred.
type kind struct {
	name  string
	parts int
	send  func(s *studio, ctx context.Context, n int) error
}

// mix is a front desk's morning: mostly looking, some writing.
var mix = []kind{
	{"read a member", 40, (*studio).readMember},
	{"search members", 20, (*studio).search},
	{"list charges", 20, (*studio).listCharges},
	{"create a member", 10, (*studio).createMember},
	{"change a member", 10, (*studio).changeMember},
}

func pick() *kind {
	at := rand.IntN(100)
	for i := range mix {
		if at -= mix[i].parts; at < 0 {
			return &mix[i]
		}
	}
	return &mix[0]
}

func (s *studio) readMember(ctx context.Context, n int) error {
	return s.owner.Do(ctx, http.MethodGet, "/v1/members/"+s.members[n%len(s.members)], "", nil, nil)
}

func (s *studio) search(ctx context.Context, n int) error {
	return s.owner.Do(ctx, http.MethodPost, "/v1/members/search", "", map[string]any{"text": seed.MemberAt(n % people).Name}, nil)
}

func (s *studio) listCharges(ctx context.Context, _ int) error {
	return s.owner.Do(ctx, http.MethodGet, "/v1/charges?limit=20", "", nil, nil)
}

func (s *studio) createMember(ctx context.Context, n int) error {
	_, err := s.addMember(ctx, people+n)
	return err
}

// changeMember waits for nobody: with every card being changed at once, the rate is not held anyhow.
func (s *studio) changeMember(ctx context.Context, n int) error {
	var c card
	select {
	case c = <-s.idle:
	default:
		return fmt.Errorf("all %d cards are being changed", people)
	}
	var now struct{ Version int }
	err := s.owner.Do(ctx, http.MethodPatch, "/v1/members/"+c.id, newKey(), map[string]any{
		"version": c.version, "latin_name": fmt.Sprintf("Member %d", n)}, &now)
	if err == nil {
		c.version = now.Version
		s.idle <- c
	}
	return err
}
