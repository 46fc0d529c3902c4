// Package neon makes and removes branches of a database at Neon, by its API. A branch is a copy of the whole database, as it is
// or as it was at an instant.
package neon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"fitkit/shared/retry"
)

// Client speaks to one project by Neon's API.
type Client struct {
	URL, Key, Project string
	Client            *http.Client
	Wait              func(context.Context, time.Duration) error // before asking again; retry.Wait
}

const (
	// patience is how often a busy project is asked again, with waits that grow to longest: about five minutes in all.
	patience = 14
	longest  = 30 * time.Second
)

// call sends one request and waits while the project is busy with another operation (423), which is Neon's way to make its
// callers queue, or, seldom and for as long as Neon says, when there were too many requests (429).
func (n *Client) call(ctx context.Context, method, path string, in, out any) error {
	for try := 1; ; try++ {
		status, after, body, err := n.once(ctx, method, path, in)
		tooMany := status == http.StatusTooManyRequests && try < retry.Tries && after <= longest
		switch {
		case err != nil:
			return err
		case tooMany || status == http.StatusLocked && try < patience:
			if err := n.Wait(ctx, max(after, retry.Pause(try, time.Second, longest))); err != nil {
				return fmt.Errorf("Neon answered %d to %s %s: %w", status, method, path, err) //nolint:staticcheck // a sentence that a person reads
			}
			continue
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			return fmt.Errorf("Neon refuses NEON_API_KEY: it has expired or is of another project; make one in the project's settings") //nolint:staticcheck // a sentence that a person reads
		case status >= 300 && (status != http.StatusNotFound || method != http.MethodDelete):
			return fmt.Errorf("Neon answered %d to %s %s", status, method, path) //nolint:staticcheck // a sentence that a person reads
		}
		if gone := method == http.MethodDelete && (status == http.StatusNotFound || len(body) == 0); out != nil && !gone {
			return json.Unmarshal(body, out)
		}
		return nil
	}
}

// once sends one request; after is how long Neon asks to be left alone.
func (n *Client) once(ctx context.Context, method, path string, in any) (status int, after time.Duration, answer []byte, err error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return 0, 0, nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, n.URL+"/projects/"+url.PathEscape(n.Project)+path, body)
	if err != nil {
		return 0, 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+n.Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.Client.Do(req)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("Neon does not answer: %w", err) //nolint:staticcheck // a sentence that a person reads
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, retry.After(resp.Header, time.Now()), answer, err
}

type branch struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	State   string `json:"current_state"`
	Parent  string `json:"parent_id"`
	Default bool   `json:"default"`
}

// find is the branch of a name. Neon searches parts of names, so the whole name is compared here.
func (n *Client) find(ctx context.Context, name string) (branch, bool, error) {
	var list struct{ Branches []branch }
	err := n.call(ctx, http.MethodGet, "/branches?search="+url.QueryEscape(name), nil, &list)
	for _, b := range list.Branches {
		if b.Name == name {
			return b, true, err
		}
	}
	return branch{}, false, err
}

// Branch is what to make.
type Branch struct {
	Name    string
	Parent  string    // id of the branch that is copied; empty: the project's default, which is production
	At      time.Time // the instant that is copied; zero: now
	Expires time.Time // Neon deletes it then, whatever happened to us; zero: never, as one must that others branch from
}

func (b Branch) body() map[string]any {
	branch := map[string]any{"name": b.Name}
	if !b.Expires.IsZero() {
		branch["expires_at"] = b.Expires.UTC().Format(time.RFC3339)
	}
	if b.Parent != "" {
		branch["parent_id"] = b.Parent
	}
	if !b.At.IsZero() {
		branch["parent_timestamp"] = b.At.UTC().Format(time.RFC3339)
	}
	return map[string]any{"branch": branch,
		"endpoints": []any{map[string]any{"type": "read_write", "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 1}}}
}

// Create makes the branch, or takes the one of its name that is there, waits until it can be used, and answers its id. A new
// one can be used when every operation that Neon began for it has ended: the branch itself says ready while its compute starts.
func (n *Client) Create(ctx context.Context, want Branch) (string, error) {
	b, found, err := n.find(ctx, want.Name)
	if err != nil {
		return "", err
	}
	if !found {
		var made struct {
			Branch     branch
			Operations []operation
		}
		if err := n.call(ctx, http.MethodPost, "/branches", want.body(), &made); err != nil {
			return "", err
		}
		if err := n.finish(ctx, made.Operations); err != nil {
			return "", err
		}
		b = made.Branch
	}
	if err := n.ready(ctx, b); err != nil {
		return "", err
	}
	return b.ID, nil
}

// Address is how a role reaches the branch's database, with its password.
func (n *Client) Address(ctx context.Context, branch, role string, pooled bool) (string, error) {
	var answer struct{ URI string }
	query := url.Values{"branch_id": {branch}, "database_name": {"fitkit"}, "role_name": {role}, "pooled": {fmt.Sprint(pooled)}}
	err := n.call(ctx, http.MethodGet, "/connection_uri?"+query.Encode(), nil, &answer)
	return answer.URI, err
}

// Delete removes the branch of a name, for good or (softly) so that it can be recovered for a week, and waits until Neon has done
// so. One that is not there is as good.
func (n *Client) Delete(ctx context.Context, name string, soft bool) error {
	b, found, err := n.find(ctx, name)
	if err != nil || !found {
		return err
	}
	path := "/branches/" + url.PathEscape(b.ID)
	if !soft {
		path += "?hard_delete=true"
	}
	var gone struct{ Operations []operation }
	if err := n.call(ctx, http.MethodDelete, path, nil, &gone); err != nil {
		return err
	}
	if err := n.finish(ctx, gone.Operations); err != nil || soft {
		return err
	}
	look := func() (err error) {
		_, found, err = n.find(ctx, name)
		return err
	}
	return n.await(ctx, "the removal of "+name, func() (bool, error) { return !found, nil }, func() string { return "under way" }, look)
}

// History is how far back the project's restore window goes; zero when only the present can be copied.
func (n *Client) History(ctx context.Context) (time.Duration, error) {
	var answer struct {
		Project struct {
			Seconds int64 `json:"history_retention_seconds"`
		}
	}
	err := n.call(ctx, http.MethodGet, "", nil, &answer)
	return time.Duration(answer.Project.Seconds) * time.Second, err
}

// Root says whether the project's default branch, which is production, has no parent. Of one that has, Neon copies only the
// present.
func (n *Client) Root(ctx context.Context) (bool, error) {
	var list struct{ Branches []branch }
	if err := n.call(ctx, http.MethodGet, "/branches", nil, &list); err != nil {
		return false, err
	}
	for _, b := range list.Branches {
		if b.Default {
			return b.Parent == "", nil
		}
	}
	return false, errors.New("Neon shows no default branch: make production's the default one, in Neon's console") //nolint:staticcheck // a sentence that a person reads
}
