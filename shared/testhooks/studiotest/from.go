package studiotest

import (
	"errors"

	"fitkit/shared/billing"
	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/member"
	"fitkit/shared/membership"
	"fitkit/shared/org"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/secret"
	"fitkit/shared/testclock"
)

// ErrOff ends a start in which nobody asked for the hooks, or everybody could call them.
var ErrOff = errors.New("TEST_HOOKS_ENABLED must be true and TEST_SEED_SECRET set: this function is a test hook, and nothing else")

// SeederFrom is the seeder of a function that needs all of SeedStudioOp, and the secret of its callers.
func SeederFrom(app *run.App) (*Seeder, secret.Secret) {
	known := secretFrom(app)
	db, system := postgres.From(app), postgres.SystemFrom(app)
	s := &Seeder{system: system, clerk: org.NewClerk(system), orgs: org.NewStore(db), clocks: testclock.NewStore(db), plans: membership.NewStore(db),
		members: member.NewStore(db), finder: member.NewFinder(db, nil), gateways: billing.CollectorFrom(app, db), now: clock.Real}
	if c := run.Section[config.Clerk](app); c.TestAuthBypass {
		s.sign = Signer{Issuer: c.Issuer, Party: c.AuthorizedParties[0]}
	}
	return s, known
}

// ResetterFrom is the resetter of a function that needs all of ResetStudioOp, and the secret of its callers.
func ResetterFrom(app *run.App) (*Resetter, secret.Secret) {
	known := secretFrom(app)
	system := postgres.SystemFrom(app)
	return &Resetter{system, org.NewClerk(system), clock.Real}, known
}

func secretFrom(app *run.App) secret.Secret {
	c := run.Section[config.TestHooks](app)
	if !c.Enabled || c.Secret == "" {
		run.Fatal(ErrOff)
	}
	return c.Secret
}
