package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// minted asks Clerk's sandbox for a session token with the given claims.
func minted(t *testing.T, claims map[string]any) string {
	t.Helper()
	res, err := http.Post(running.Addresses.Clerk+"/_dev/token", "application/json", bytes.NewReader(mustJSON(claims)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ JWT string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.JWT == "" {
		t.Fatalf("the sandbox answered %s: %v", res.Status, err)
	}
	return out.JWT
}

// operationNamed is one operation of the API document.
func operationNamed(t *testing.T, id string) *operation {
	t.Helper()
	for _, op := range operations(t) {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("docs/openapi.yaml has no %s", id)
	return nil
}

// TestOnlyAGoodTokenInItsHeaderSignsIn goes through the gateway into every function that needs a sign-in; the vectors with
// their fixed clock are tested beside the verifier.
func TestOnlyAGoodTokenInItsHeaderSignsIn(t *testing.T) {
	owner, org := a.Studio.Users["owner"], a.Studio.Organization
	good := minted(t, map[string]any{"user": owner, "org": org})
	for name, authorization := range map[string]string{
		"a token with a changed signature": "Bearer " + good[:len(good)-8] + "AAAAAAAA",
		"a token without a signature":      "Bearer " + good[:strings.LastIndexByte(good, '.')+1],
		"an expired token":                 "Bearer " + minted(t, map[string]any{"user": owner, "org": org, "ttl": -60}),
		"a token that lives for a day":     "Bearer " + minted(t, map[string]any{"user": owner, "org": org, "ttl": 86400}),
		"another site's token":             "Bearer " + minted(t, map[string]any{"user": owner, "org": org, "azp": "https://evil.example"}),
		"a token of no site":               "Bearer " + minted(t, map[string]any{"user": owner, "org": org, "azp": ""}),
		"a session that is not complete":   "Bearer " + minted(t, map[string]any{"user": owner, "org": org, "sts": "pending"}),
		"no scheme":                        good,
		"another scheme":                   "Basic " + good,
		"nothing behind the scheme":        "Bearer ",
		"two tokens":                       "Bearer " + good + "," + good,
		"a word":                           "Bearer token",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			for _, op := range operations(t) {
				if len(op.Security) == 0 {
					continue
				}
				got := nothing().request(op).with("Authorization", authorization).send(t)
				if got.status != 401 || !strings.HasPrefix(got.code(), "auth.") {
					t.Errorf("%s: %s", op.ID, got)
				}
			}
		})
	}
	me := request{op: operationNamed(t, signedIn)}
	t.Run("a good one signs in, so the refusals are for their reasons", func(t *testing.T) {
		if got := me.with("Authorization", "Bearer "+good).send(t); got.status != 200 {
			t.Error(got)
		}
	})
	t.Run("200 kB of token are refused before a function runs", func(t *testing.T) {
		if got := me.with("Authorization", "Bearer "+strings.Repeat("x", 200<<10)).send(t); got.status != 431 && got.status != 401 {
			t.Error(got)
		}
	})
	for _, place := range []string{"token", "access_token", "__session", "Authorization"} {
		t.Run("a token in the query as "+place+" is no sign-in", func(t *testing.T) {
			if got := me.set(field{"query", []string{place}, nil}, good).send(t); got.status != 401 {
				t.Error(got)
			}
		})
		t.Run("a token in a cookie as "+place+" is no sign-in", func(t *testing.T) {
			if got := me.with("Cookie", place+"="+good).send(t); got.status != 401 {
				t.Error(got)
			}
		})
	}
}

// TestARemovedPersonIsRefusedOnTheNextRequest: the token is good for an hour, the right is not.
func TestARemovedPersonIsRefusedOnTheNextRequest(t *testing.T) {
	studio, err := newStudio(t.Context(), t.TempDir(), "זמני", "passing")
	if err != nil {
		t.Fatal(err)
	}
	me, update := request{op: operationNamed(t, signedIn)}, operationNamed(t, "api-org-update-staff")
	id := me.as(studio, "manager").send(t).text("staff_id")
	patch := func(change map[string]any) {
		t.Helper()
		r := request{op: update, path: map[string]string{"id": id}, body: change}
		if got := r.as(studio, "owner").send(t); !got.ok() {
			t.Fatalf("%v: %s", change, got)
		}
	}
	plan := nothing().request(operationNamed(t, "api-membership-create-plan"))
	if got := plan.as(studio, "manager").send(t); !got.ok() {
		t.Fatalf("a manager makes a plan: %s", got)
	}
	patch(map[string]any{"role": "coach"})
	if got := plan.as(studio, "manager").send(t); got.status != 403 {
		t.Errorf("a manager who has become a coach makes a plan: %s", got)
	}
	patch(map[string]any{"status": "removed"})
	for _, op := range operations(t) {
		if len(op.Security) == 0 {
			continue
		}
		if got := nothing().request(op).as(studio, "manager").send(t); got.status != 404 || got.code() != op.absent() {
			t.Errorf("%s: somebody who was taken off the staff is answered %s", op.ID, got)
		}
	}
}
