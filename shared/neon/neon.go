// Package neon makes and removes branches of a database at Neon, by its API. A branch is a copy of the whole database, as it is
// or as it was at an instant.
package neon

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Client speaks to one project by Neon's API.
type Client struct {
	URL, Key, Project string
	Client            *http.Client
	Wait              func(time.Duration) // before asking again
}

// patience is how often something is asked for again, with waits that grow to half a minute: about five minutes in all.
const patience = 14

// call sends one request and waits while the project is busy with another operation (423) or there were too many (429).
func (n *Client) call(ctx context.Context, method, path string, in, out any) error {
	for try := 1; ; try++ {
		status, body, err := n.once(ctx, method, path, in)
		busy := status == http.StatusLocked || status == http.StatusTooManyRequests
		switch {
		case err != nil:
			return err
		case busy && try < patience:
			n.Wait(min(30*time.Second, time.Second<<(try-1)))
			continue
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			return fmt.Errorf("Neon refuses NEON_API_KEY: it has expired or is of another project; make one in the project's settings") //nolint:staticcheck // a sentence that a person reads
		case status >= 300 && (status != http.StatusNotFound || method != http.MethodDelete):
			return fmt.Errorf("Neon answered %d to %s %s", status, method, path) //nolint:staticcheck // a sentence that a person reads
		}
		if out != nil {
			return json.Unmarshal(body, out)
		}
		return nil
	}
}

func (n *Client) once(ctx context.Context, method, path string, in any) (int, []byte, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return 0, nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, n.URL+"/projects/"+url.PathEscape(n.Project)+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+n.Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.Client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("Neon does not answer: %w", err) //nolint:staticcheck // a sentence that a person reads
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, text, err
}

type branch struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"current_state"`
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
	Expires time.Time // Neon deletes it then, whatever happened to us
}

func (b Branch) body() map[string]any {
	branch := map[string]any{"name": b.Name, "expires_at": b.Expires.UTC().Format(time.RFC3339)}
	if b.Parent != "" {
		branch["parent_id"] = b.Parent
	}
	if !b.At.IsZero() {
		branch["parent_timestamp"] = b.At.UTC().Format(time.RFC3339)
	}
	return map[string]any{"branch": branch,
		"endpoints": []any{map[string]any{"type": "read_write", "autoscaling_limit_min_cu": 0.25, "autoscaling_limit_max_cu": 1}}}
}

// Create makes the branch, or takes the one of its name that is there, waits until it can be used, and answers its id.
func (n *Client) Create(ctx context.Context, want Branch) (string, error) {
	b, found, err := n.find(ctx, want.Name)
	if err != nil {
		return "", err
	}
	if !found {
		var made struct{ Branch branch }
		err := n.call(ctx, http.MethodPost, "/branches", want.body(), &made)
		if err != nil {
			return "", err
		}
		b = made.Branch
	}
	for try := 1; b.State != "ready"; try++ {
		if try > 100 {
			return "", fmt.Errorf("the branch %s is still %s after five minutes: look at it in Neon's console", want.Name, b.State)
		}
		n.Wait(3 * time.Second)
		var one struct{ Branch branch }
		if err := n.call(ctx, http.MethodGet, "/branches/"+url.PathEscape(b.ID), nil, &one); err != nil {
			return "", err
		}
		b = one.Branch
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

// Delete removes the branch of a name, for good or (softly) so that it can be recovered for a week. One that is not there is
// as good.
func (n *Client) Delete(ctx context.Context, name string, soft bool) error {
	b, found, err := n.find(ctx, name)
	if err != nil || !found {
		return err
	}
	path := "/branches/" + url.PathEscape(b.ID)
	if !soft {
		path += "?hard_delete=true"
	}
	err = n.call(ctx, http.MethodDelete, path, nil, nil)
	return err
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
