package console

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"fitkit/infra/local/seed"
)

// testClock is what the endpoint answers.
type testClock struct {
	Now      time.Time  `json:"now"`
	Status   string     `json:"status"`
	Target   *time.Time `json:"target"`
	OpenJobs int        `json:"open_jobs"`
}

// longestAdvance is the endpoint's own limit, in days.
const longestAdvance = 366

// clock shows the clock of a studio, the demo studio's when none is chosen.
func (c *Console) clock(r *http.Request) (view, error) {
	shown := struct {
		Sandbox bool
		Orgs    []clerkOrg
		Org     string
		Clock   *testClock
		Refusal *seed.Problem // why there is no clock
		Longest int
	}{Sandbox: c.Clerk.URL != "", Longest: longestAdvance}
	v := view{"clock", "nav.clock", &shown}
	if !shown.Sandbox {
		return v, nil
	}
	var err error
	if shown.Orgs, err = c.organisations(r.Context()); err != nil {
		return v, err
	}
	record, err := seed.Load(c.Seed)
	if err != nil {
		return v, err
	}
	if shown.Org = cmp.Or(r.FormValue("org"), record.Studio.Organization); shown.Org == "" {
		return v, nil
	}
	shown.Clock, err = c.setClock(r.Context(), shown.Org, map[string]any{})
	if errors.As(err, &shown.Refusal) {
		return v, nil
	}
	return v, err
}

// setClock calls POST /v1/org/test-clock as the organisation's owner.
func (c *Console) setClock(ctx context.Context, organisation string, in any) (*testClock, error) {
	user, err := c.ownerOf(ctx, organisation)
	if err != nil {
		return nil, err
	}
	owner := seed.Client{API: c.API, Token: seed.Clerk{URL: c.Clerk.URL}.Session(user, organisation)}
	var out testClock
	err = owner.Do(ctx, http.MethodPost, "/v1/org/test-clock", rand.Text(), in, &out)
	return &out, err
}

func (c *Console) ownerOf(ctx context.Context, organisation string) (string, error) {
	var list struct {
		Data []struct {
			User struct {
				ID string `json:"user_id"`
			} `json:"public_user_data"`
		}
	}
	if err := c.Clerk.ask(ctx, "/v1/organizations/"+url.PathEscape(organisation)+"/memberships?role=org:admin", &list); err != nil {
		return "", err
	}
	if len(list.Data) == 0 {
		return "", fmt.Errorf("Clerk's sandbox knows no owner of %s.", organisation)
	}
	return list.Data[0].User.ID, nil
}

// advance moves a studio's clock so many days ahead.
func (c *Console) advance(r *http.Request) (to string, said note, err error) {
	organisation := r.FormValue("org")
	to = "/clock?org=" + url.QueryEscape(organisation)
	days := positive(r.FormValue("days"))
	if days == 0 || days > longestAdvance {
		return to, note{Failed: true, Key: "clock.days.wrong", Args: []any{longestAdvance}}, nil
	}
	at, err := c.setClock(r.Context(), organisation, map[string]any{})
	if err != nil {
		return to, note{}, err
	}
	target := at.Now.AddDate(0, 0, days)
	_, err = c.setClock(r.Context(), organisation, map[string]any{"advance_to": target})
	return to, note{Key: "clock.advancing", Args: []any{target.UTC().Format(time.DateTime)}}, err
}

// createTestStudio makes a studio with a test clock: one with charges or a live terminal, as the demo studio is, can have none.
func (c *Console) createTestStudio(r *http.Request) (to string, said note, err error) {
	to = "/clock"
	slug := "test-" + time.Now().UTC().Format("20060102-150405")
	studio, err := seed.Clerk{URL: c.Clerk.URL}.CreateStudio(r.Context(), "סטודיו בדיקות "+slug, slug)
	if err != nil {
		return to, note{}, err
	}
	to += "?org=" + url.QueryEscape(studio.Organization)
	_, err = c.setClock(r.Context(), studio.Organization, map[string]any{"create_at": time.Now().UTC().Truncate(time.Second)})
	return to, note{Key: "clock.created", Args: []any{studio.Name}}, err
}
