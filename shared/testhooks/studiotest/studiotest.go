// Package studiotest makes and ends the studios of frontends' end-to-end tests, out of the domains' own stores. Binaries with the
// tag fitkit_testhooks link it and no others: it signs session tokens.
//
// A seeded studio is told by two facts that no other has together: its id at Clerk begins as Clerk's own never do, and it is in
// test mode, which no studio with a live terminal can be.
package studiotest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/membership"
	"fitkit/shared/org"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
	"fitkit/shared/testclock"
	"fitkit/shared/testhooks/testhooksapi"
)

// Seeder makes studios.
type Seeder struct {
	system   *postgres.SystemDB
	clerk    *org.Clerk
	orgs     *org.Store
	clocks   *testclock.Store
	plans    *membership.Store
	members  *member.Store
	finder   *member.Finder
	gateways *billing.Collector
	sign     Signer
	now      func() time.Time
}

// prefix begins the ids at Clerk of seeded studios. Clerk's own are letters and digits after org_.
const prefix = "org_seed_"

// studio is one that is being made, and its owner, who makes most of it.
type studio struct {
	handle string // of the key: part of the ids at Clerk of the studio and its people
	clerk  string // org_…
	owner  tenancy.Caller
	out    *testhooksapi.Studio
}

// Seed makes whatever is missing of the key's studio and tells all of it, with fresh tokens. A run that was cut short is
// finished by the next.
func (s *Seeder) Seed(ctx context.Context, w testhooksapi.Wish) (*testhooksapi.Studio, error) {
	t := &studio{handle: handle(w.Key), out: &testhooksapi.Studio{Key: w.Key, Name: "סטודיו " + w.Key}}
	for _, step := range []func(context.Context, *studio, testhooksapi.Wish) error{s.found, s.staff, s.clock, s.offer, s.enrol, s.connect} {
		if err := step(ctx, t, w); err != nil {
			return nil, fail.Wrap(err, "seed a studio")
		}
	}
	return t.out, s.tokens(t)
}

// handle is the key as ids hold it.
func handle(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

const sqlOfKey = `
select coalesce(max(clerk_org_id) filter (where status <> 'deleted'), ''), count(*) from orgs where starts_with(clerk_org_id, $1)`

// found finds the key's studio, or has it and its people told of as Clerk would. A studio that was reset stays so: the next
// one of the key has another number.
func (s *Seeder) found(ctx context.Context, t *studio, _ testhooksapi.Wish) error {
	var there int
	err := s.system.Across(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, sqlOfKey, prefix+t.handle+"_").Scan(&t.clerk, &there)
	})
	if err != nil {
		return err
	}
	if t.clerk == "" {
		t.clerk = fmt.Sprintf("%s%s_%d", prefix, t.handle, there+1)
		if err := s.clerk.Tell(ctx, t.news(s.now())...); err != nil {
			return err
		}
	}
	t.owner = tenancy.Caller{UserID: t.user(tenancy.Owner), ClerkOrg: t.clerk, ClerkSlug: t.out.Key, ClerkRole: "admin", Allowed: []tenancy.Role{tenancy.Owner}}
	t.out.ClerkOrg = t.clerk
	return nil
}

// user is the Clerk user who has the role.
func (t *studio) user(role tenancy.Role) string {
	return "user_seed_" + strings.TrimPrefix(t.clerk, prefix) + "_" + string(role)
}

// clock makes the studio a test studio: its time stands, and no live terminal can be connected to it.
func (s *Seeder) clock(ctx context.Context, t *studio, _ testhooksapi.Wish) error {
	o, err := s.orgs.Get(ctx, t.owner)
	if err != nil {
		return err
	}
	t.out.Org, t.out.Name = o.ID, o.Name
	if o.TestNow == nil {
		c, err := s.clocks.Create(ctx, t.owner, s.now())
		if err != nil {
			return err
		}
		o.TestNow = &c.Now
	}
	t.out.Now = *o.TestNow
	return nil
}

// connect proves and seals the terminal, as its owner would.
func (s *Seeder) connect(ctx context.Context, t *studio, w testhooksapi.Wish) error {
	if w.Gateway == nil {
		return nil
	}
	_, err := s.gateways.Connect(ctx, t.owner, billing.Connection{Provider: "cardcom", Terminal: w.Gateway.Terminal,
		Name: w.Gateway.Name, Password: w.Gateway.Password, Mode: "test"})
	t.out.Connected = err == nil
	return err
}

// Resetter ends seeded studios.
type Resetter struct {
	system *postgres.SystemDB
	clerk  *org.Clerk
	now    func() time.Time
}

const sqlSeeded = `select clerk_org_id, name, slug, status from orgs where id = $1 and test_mode and starts_with(clerk_org_id, $2)`

// Reset ends a seeded studio as Clerk's deletion of an organisation does; one that has ended already stays so. What it
// recorded stays in the database, where the ledger may not lose a line, out of everybody's reach.
func (s *Resetter) Reset(ctx context.Context, studio id.Org) error {
	e := org.Event{Type: "organization.deleted", At: s.now()}
	var status string
	err := s.system.Across(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, sqlSeeded, studio, prefix).Scan(&e.OrgID, &e.OrgName, &e.OrgSlug, &status)
	})
	switch {
	case postgres.NoRows(err):
		return testhooksapi.ErrNotSeeded
	case err != nil:
		return fail.Wrap(err, "find the seeded studio")
	case status == "deleted":
		return nil
	}
	return fail.Wrap(s.clerk.Tell(ctx, e), "reset a studio")
}
