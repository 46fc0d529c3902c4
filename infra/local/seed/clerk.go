package seed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Clerk speaks to Clerk's sandbox.
type Clerk struct{ URL string }

// Studio is an organisation of Clerk's with its four people.
type Studio struct {
	Organization string            `json:"organization"` // org_…
	Name         string            `json:"name"`
	Slug         string            `json:"slug"`
	Users        map[string]string `json:"users"` // FitKit's role → user_…
}

// CreateStudio makes an organisation with an owner, a manager, a front desk and a coach.
func (c Clerk) CreateStudio(ctx context.Context, name, slug string) (s Studio, err error) {
	return s, c.post(ctx, "/_dev/studio", map[string]string{"name": name, "slug": slug}, &s)
}

// CreateUser makes a user of no organisation, as members are, and answers their id.
func (c Clerk) CreateUser(ctx context.Context, name, email string) (string, error) {
	var out struct {
		ID string `json:"id"`
	}
	err := c.post(ctx, "/_dev/users", map[string]any{"first_name": name, "email_address": []string{email}}, &out)
	return out.ID, err
}

// TokenLife is how long the tokens of Token are valid: the longest that FitKit accepts.
const TokenLife = time.Hour

// Token mints a session token of user, in organization when it is not empty. The session was just signed in to.
func (c Clerk) Token(ctx context.Context, user, organization string) (string, error) {
	var out struct {
		JWT string `json:"jwt"`
	}
	err := c.post(ctx, "/_dev/token", map[string]any{"user": user, "org": organization, "ttl": int(TokenLife.Seconds())}, &out)
	return out.JWT, err
}

// Session is a source of tokens for Client: one token for half its life, so that none runs out on the way.
func (c Clerk) Session(user, organization string) func(context.Context) (string, error) {
	var mu sync.Mutex
	var token string
	var until time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(until) {
			return token, nil
		}
		fresh, err := c.Token(ctx, user, organization)
		if err != nil {
			return "", err
		}
		token, until = fresh, time.Now().Add(TokenLife/2)
		return token, nil
	}
}

func (c Clerk) post(ctx context.Context, path string, in, out any) error {
	status, _, body, err := send(ctx, http.MethodPost, c.URL+path, http.Header{}, in)
	if err != nil {
		return fmt.Errorf("ask the Clerk sandbox: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("the Clerk sandbox answered %s with %d: %s", path, status, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("the Clerk sandbox answered %s with what is not expected: %w", path, err)
	}
	return nil
}
