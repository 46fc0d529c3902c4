package seed

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Options say what to fill and with how much.
type Options struct {
	API, Clerk string
	Cardcom    string   // empty: the studio gets no gateway and no cards
	Terminal   Terminal // of the sandbox
	Functions  []string // that the platform runs; steps that need another are left for a later start
	Size       int      // how many members
	File       string   // of the Record

	// SignInMember lets a Clerk user in as a member. It goes past the API, which has no invitations yet.
	SignInMember func(ctx context.Context, org, member, clerkUser string) error
	Progress     func(string)
}

// Terminal is a Cardcom terminal with its credentials.
type Terminal struct {
	Number            int
	Name, APIPassword string
}

// step is a part of the studio. It runs once, when the functions that it needs are there.
type step struct {
	name  string
	needs []string
	run   func(*seeder, context.Context) error
}

// steps stand in the order that they build on each other.
var steps = []step{
	{"organisation", []string{"api-org-get-me"}, (*seeder).organisation},
	{"staff", []string{"api-org-get-me", "api-org-list-staff", "api-org-update-staff"}, (*seeder).staff},
	{"plans", []string{"api-membership-create-plan", "api-membership-publish-plan-version"}, (*seeder).plans},
	{"members", []string{"api-member-create"}, (*seeder).members},
	{"national ids", []string{"api-member-create", "api-member-set-national-id"}, (*seeder).nationalIDs},
	{"sign-in of a member", []string{"api-member-create"}, (*seeder).memberSignsIn},
	{"gateway", []string{"api-billing-connect-gateway"}, (*seeder).gateway},
	{"cards", []string{"api-member-create", "api-billing-connect-gateway", "api-billing-create-card-session", "hook-billing-cardcom"}, (*seeder).cards},
	{"memberships", []string{"api-member-create", "api-membership-sell", "api-membership-publish-plan-version"}, (*seeder).memberships},
}

type seeder struct {
	Options
	*Record
	clerk Clerk
	owner *Client
}

// Run makes what is missing of the demo studio. An error leaves what was made; the next Run goes on from there.
func Run(ctx context.Context, o Options) (*Record, error) {
	record, err := Load(o.File)
	if err != nil {
		return nil, err
	}
	s := &seeder{Options: o, Record: record, clerk: Clerk{o.Clerk}}
	s.signIn()
	for i, st := range steps {
		if record.done(st.name) {
			continue
		}
		if !s.runs(st.needs) {
			if i == 0 {
				break // without the studio there is nobody to sign in as
			}
			continue
		}
		began := time.Now()
		if err := st.run(s, ctx); err != nil {
			return record, fmt.Errorf("The demo studio is not complete (%s): %w", st.name, err)
		}
		if err := record.finish(st.name); err != nil {
			return record, err
		}
		s.Progress(fmt.Sprintf("The demo studio has its %s (%.1f s).", st.name, time.Since(began).Seconds()))
	}
	return record, nil
}

func (s *seeder) runs(functions []string) bool {
	for _, f := range functions {
		if !slices.Contains(s.Functions, f) {
			return false
		}
	}
	return true
}

// signIn makes the owner's client once there is an owner.
func (s *seeder) signIn() {
	s.owner = &Client{API: s.API, Token: s.clerk.Session(s.Studio.Users["owner"], s.Studio.Organization)}
}

// key makes the Idempotency-Key of the i-th request of a step: a step that was cut short repeats its requests, and
// they have no second effect.
func (s *seeder) key(step string, i int) string {
	return fmt.Sprintf("seed-%s-%s-%d", s.Studio.Organization, step, i)
}
