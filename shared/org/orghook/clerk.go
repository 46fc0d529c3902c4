// Package orghook is the webhooks that concern organisations.
package orghook

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/org"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/secret"
	"fitkit/shared/webhook"
)

// Receiver is what Clerk needs to store events.
type Receiver interface {
	Receive(ctx context.Context, key string, e org.Event) error
}

// ClerkOp declares POST /v1/hooks/clerk.
var ClerkOp = hook.Op{
	Name: "hook-org-clerk", Path: "/v1/hooks/clerk", Status: http.StatusNoContent,
	Summary: "Clerk tells of users, organisations and memberships",
	Errors:  []*fail.Error{postgres.ErrUnavailable},
	Needs:   []need.Need{need.SystemPostgres, need.ClerkWebhook, orgjob.ApplyClerkEventOp.Send()},
}

// Source is how messages of our Clerk instance are told from forged and foreign ones.
type Source struct {
	Signatures *webhook.Verifier
	Instance   string // ins_…; empty: any
	Now        clock.Now
}

// SourceFrom is the function's, from its settings. A secret that cannot be used stops the start.
func SourceFrom(app *run.App) Source {
	c := run.Section[config.ClerkWebhook](app)
	v, err := verifier(c)
	if err != nil {
		run.Fatal(err)
	}
	return Source{v, c.InstanceID, clock.Real}
}

// verifier takes the secret and, while it is being replaced, the former one until its window closes.
func verifier(c *config.ClerkWebhook) (*webhook.Verifier, error) {
	v, err := webhook.New([]secret.Secret{c.Secret})
	if err != nil {
		return nil, errors.Join(errors.New("CLERK_WEBHOOK_SECRET cannot be used"), err)
	}
	if c.Previous == "" {
		return v, nil
	}
	until, err := time.Parse(time.RFC3339, c.PreviousUntil)
	if err == nil {
		v, err = v.Former(c.Previous, until)
	}
	if err != nil {
		return nil, errors.Join(errors.New("CLERK_WEBHOOK_SECRET_PREVIOUS cannot be used"), err)
	}
	return v, nil
}

// Clerk stores each verified event once. What FitKit has no use for is accepted too, or Clerk would send it again for days.
func Clerk(s Source, events Receiver) hook.Handler {
	return hook.New(ClerkOp, func(ctx context.Context, r hook.Request) error {
		if s.Signatures.Verify(r.Header, r.Body, s.Now(), webhook.DefaultTolerance) != nil {
			return hook.ErrRefused
		}
		e, instance, err := org.ParseEvent(r.Body, s.Now())
		if s.Instance != "" && instance != s.Instance {
			return hook.ErrRefused
		}
		if err != nil {
			obs.Add(ctx, "ignored", true)
			return nil
		}
		obs.Add(ctx, "event", e.Type)
		return events.Receive(ctx, cmp.Or(r.Header.Get("Svix-Id"), r.Header.Get("Webhook-Id")), e)
	})
}
