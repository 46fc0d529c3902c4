package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
	"fitkit/shared/tenancy"
	"fitkit/shared/testhooks/testhooksapi"
)

const (
	root   = "../../.."
	secret = "0f3a9c5d7b1e2f4860a1c3e5d7b9f102"
	// startWithin bounds the start and the functions' compilation.
	startWithin = 15 * time.Minute
)

// hooks are the platform's, called with a secret.
type hooks struct {
	t      *testing.T
	api    string
	secret string
}

// begin starts a platform as make dev does with the three variables in .env.
func begin(t *testing.T) *platform.Platform {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	p, err := platform.Start(ctx, platform.Options{Root: root, Dir: dir, Fast: true, Variables: map[string]string{
		"TEST_AUTH_BYPASS": "true", "TEST_HOOKS_ENABLED": "true", "TEST_SEED_SECRET": secret, "CRONS_ENABLED": "false"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if err := platform.Reset(dir); err != nil {
			t.Error(err)
		}
	})
	for _, name := range called { // a first call waits for the compiler, longer than a request may
		if _, err := p.Host.Invoke(ctx, name, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// called are the functions that the test calls.
var called = []string{"api-testhooks-seed-studio", "api-testhooks-reset-studio", "api-org-get-me", "api-org-set-test-clock",
	"api-member-search", "api-member-get", "api-membership-create-plan"}

// post sends body to a hook and gives the answer's status and text.
func (h hooks) post(path string, body any) (int, string) {
	h.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.api+path, bytes.NewReader(raw))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		req.Header.Set("FitKit-Seed-Secret", h.secret)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func (h hooks) seed(body map[string]any) (s testhooksapi.Studio) {
	h.t.Helper()
	status, answer := h.post("/v1/test/seed", body)
	if err := json.Unmarshal([]byte(answer), &s); err != nil || status != http.StatusOK {
		h.t.Fatalf("seeding was answered %d %s", status, answer)
	}
	return s
}

// as is a person who calls the API.
func (h hooks) as(p testhooksapi.Person, org string) *seed.Client {
	return &seed.Client{API: h.api, Org: org, Token: func(context.Context) (string, error) { return p.Token, nil }}
}

func person(t *testing.T, s testhooksapi.Studio, role tenancy.Role) testhooksapi.Person {
	t.Helper()
	i := slices.IndexFunc(s.Staff, func(p testhooksapi.Person) bool { return p.Role == role })
	if i < 0 {
		t.Fatalf("no %s among %+v", role, s.Staff)
	}
	return s.Staff[i]
}

// status is that of a refusal; 200 of none.
func status(err error) int {
	var p *seed.Problem
	if errors.As(err, &p) {
		return p.Status
	}
	if err != nil {
		return 0
	}
	return http.StatusOK
}

// TestAFrontendsTestsHaveAStudioOfTheirOwn: one platform serves all cases, in their order. Red with each of these faults planted:
// a key that finds no studio of before, a reset that looks at no prefix, one that does nothing, a secret that is not compared,
// roles that are not given, tokens under the secret's name for a key.
func TestAFrontendsTestsHaveAStudioOfTheirOwn(t *testing.T) {
	p := begin(t)
	h := hooks{t, p.Addresses.API, secret}
	terminal := p.Secrets.Cardcom
	first := h.seed(map[string]any{"key": "checkout", "members": 5, "gateway": map[string]any{
		"terminal_number": terminal.Number, "api_name": terminal.APIName, "api_password": terminal.APIPassword}})

	t.Run("everybody signs in and is who they are said to be", func(t *testing.T) { wantPeople(t, h, first) })
	t.Run("the owner lists the members", func(t *testing.T) {
		if got := memberIDs(t, h, first); len(got) != 5 || !slices.Contains(got, first.Members[0].ID.String()) {
			t.Errorf("%v, want those of %+v", got, first.Members)
		}
	})
	t.Run("the same key gives the same studio", func(t *testing.T) {
		again := h.seed(map[string]any{"key": "checkout", "members": 5})
		if again.Org != first.Org || !slices.Equal(again.Members, first.Members) || !slices.Equal(again.Plans, first.Plans) || !first.Connected {
			t.Errorf("%s with %v, was %s with %v", again.Org, again.Members, first.Org, first.Members)
		}
	})
	other := h.seed(map[string]any{"key": "classes", "members": 1})
	t.Run("another key gives another studio", func(t *testing.T) {
		if other.Org == first.Org || memberIDs(t, h, other)[0] == memberIDs(t, h, first)[0] {
			t.Error("the studios are one")
		}
	})
	t.Run("nothing is told to whoever lacks the secret", func(t *testing.T) { wantSecret(t, h, first) })
	t.Run("a real studio cannot be reset", func(t *testing.T) { wantRealStudioKept(t, h, p) })
	t.Run("a reset studio is gone, and no other", func(t *testing.T) {
		for range 2 { // again is the same
			if code, answer := h.post("/v1/test/reset", map[string]any{"org_id": first.Org}); code != http.StatusOK {
				t.Fatalf("%d %s", code, answer)
			}
		}
		if err := h.as(person(t, first, tenancy.Owner), "").Do(t.Context(), http.MethodGet, "/v1/me", "", nil, nil); status(err) != http.StatusNotFound {
			t.Errorf("the owner is answered %v", err)
		}
		if got := memberIDs(t, h, other); len(got) != 1 {
			t.Errorf("the other studio has %v", got)
		}
	})
	t.Run("its key makes a new one", func(t *testing.T) {
		if fresh := h.seed(map[string]any{"key": "checkout"}); fresh.Org == first.Org || len(memberIDs(t, h, fresh)) != 12 {
			t.Errorf("%s with %v", fresh.Org, fresh.Members)
		}
	})
}

func wantPeople(t *testing.T, h hooks, s testhooksapi.Studio) {
	for _, role := range tenancy.Staff {
		var me struct{ Role tenancy.Role }
		if err := h.as(person(t, s, role), "").Do(t.Context(), http.MethodGet, "/v1/me", "", nil, &me); err != nil || me.Role != role {
			t.Errorf("the %s is %q: %v", role, me.Role, err)
		}
	}
	var card struct{ Name string }
	member := h.as(*s.Member, s.Org.String())
	if err := member.Do(t.Context(), http.MethodGet, "/v1/members/"+s.Member.ID, "", nil, &card); err != nil || card.Name != s.Members[0].Name {
		t.Errorf("the member sees %q, %v", card.Name, err)
	}
	if err := h.as(person(t, s, tenancy.Coach), "").Do(t.Context(), http.MethodPost, "/v1/plans", "a-plan", map[string]string{"name": "x", "type": "pack"}, nil); status(err) != http.StatusForbidden {
		t.Errorf("a coach makes a plan: %v", err)
	}
}

func memberIDs(t *testing.T, h hooks, s testhooksapi.Studio) (ids []string) {
	t.Helper()
	var page struct{ Items []struct{ ID string } }
	err := h.as(person(t, s, tenancy.Owner), "").Do(t.Context(), http.MethodPost, "/v1/members/search", "", map[string]any{"text": ""}, &page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Items {
		ids = append(ids, m.ID)
	}
	return ids
}

func wantSecret(t *testing.T, h hooks, s testhooksapi.Studio) {
	for _, wrong := range []string{"", "x", secret + "x", secret[1:], strings.ToUpper(secret)} {
		h.secret = wrong
		for path, body := range map[string]map[string]any{"/v1/test/seed": {"key": "checkout"}, "/v1/test/reset": {"org_id": s.Org}} {
			code, answer := h.post(path, body)
			if code != http.StatusUnauthorized || strings.Contains(answer, s.Org.String()) || strings.Contains(answer, secret) {
				t.Errorf("%s with %q: %d %s", path, wrong, code, answer)
			}
		}
	}
}

// wantRealStudioKept makes a studio as a customer's is made.
func wantRealStudioKept(t *testing.T, h hooks, p *platform.Platform) {
	clerk := seed.Clerk{URL: p.Addresses.Clerk}
	people, err := clerk.CreateStudio(t.Context(), "סטודיו אמיתי", "real")
	if err != nil {
		t.Fatal(err)
	}
	owner := seed.Client{API: h.api, Token: clerk.Session(people.Users["owner"], people.Organization)}
	var me struct{ Org struct{ ID string } }
	if err := owner.Do(t.Context(), http.MethodGet, "/v1/me", "", nil, &me); err != nil {
		t.Fatal(err)
	}
	// A test clock makes it a test studio, and it is still nobody's to take away.
	if err := owner.Do(t.Context(), http.MethodPost, "/v1/org/test-clock", "clock", map[string]any{"create_at": time.Now().UTC()}, nil); err != nil {
		t.Fatal(err)
	}
	if code, answer := h.post("/v1/test/reset", map[string]any{"org_id": me.Org.ID}); code != http.StatusNotFound || !strings.Contains(answer, "testhooks.not_seeded") {
		t.Errorf("%d %s", code, answer)
	}
	if err := owner.Do(t.Context(), http.MethodGet, "/v1/me", "", nil, nil); err != nil {
		t.Errorf("the studio is gone: %v", err)
	}
}
