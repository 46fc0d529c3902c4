package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// world plays FitKit, Clerk's sandbox and Cardcom's page: it takes everything and notes what it was asked.
type world struct {
	*httptest.Server
	mu     sync.Mutex
	keys   map[string]int // Idempotency-Key → how often it was used
	calls  map[string]int // method and path
	refuse string         // a path that is answered 500
}

func newWorld(t *testing.T) *world {
	w := &world{keys: map[string]int{}, calls: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.Close)
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[r.Method+" "+r.URL.Path]++
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		w.keys[key]++
	}
	switch r.URL.Path {
	case w.refuse:
		rw.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(rw, `{"code":"internal","title":"Try again."}`)
	case "/page":
		rw.WriteHeader(http.StatusSeeOther)
	default:
		answer, _ := json.Marshal(map[string]any{ // no value here fails to marshal
			"id": fmt.Sprintf("id-%d", len(w.calls)), "organization": "org_1", "users": map[string]string{"owner": "user_1"},
			"jwt": "token", "org": map[string]string{"id": "org-id"}, "url": w.URL + "/page", "price_agorot": 100, "staff_id": "staff-id",
		})
		_, _ = rw.Write(answer)
	}
}

// options are for a studio of three in a world that runs the functions of all steps, but for the ones without.
func (w *world) options(t *testing.T, file string, without ...string) Options {
	var functions []string
	for _, st := range steps {
		functions = append(functions, st.needs...)
	}
	functions = slices.DeleteFunc(functions, func(f string) bool { return slices.Contains(without, f) })
	return Options{API: w.URL, Clerk: w.URL, Cardcom: w.URL, Functions: functions, Size: 3, File: file, Progress: func(string) {},
		SignInMember: func(context.Context, string, string, string) error { return nil }}
}

func TestAStudioIsMadeOnce(t *testing.T) {
	w, file := newWorld(t), filepath.Join(t.TempDir(), "seed.json")
	first, err := Run(t.Context(), w.options(t, file))
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Members) != 3 || len(first.Plans) != len(offers) || first.MemberUser == "" || first.Org != "org-id" || len(first.Done) != len(steps) {
		t.Errorf("made %+v", first)
	}
	before := maps.Clone(w.calls)
	if _, err := Run(t.Context(), w.options(t, file)); err != nil || !maps.Equal(before, w.calls) {
		t.Errorf("the second run asked %v, before it was %v (%v)", w.calls, before, err)
	}
}

func TestAStepWaitsForItsFunctions(t *testing.T) {
	w, file := newWorld(t), filepath.Join(t.TempDir(), "seed.json")
	first, err := Run(t.Context(), w.options(t, file, "api-membership-sell"))
	if err != nil || first.done("memberships") || !first.done("cards") || w.calls["POST /v1/sales"] > 0 {
		t.Errorf("done %v, %v", first.Done, err)
	}
	second, err := Run(t.Context(), w.options(t, file))
	if err != nil || !second.done("memberships") || w.calls["POST /v1/sales"] != 3 {
		t.Errorf("then done %v, %v", second.Done, err)
	}
}

func TestWithoutTheFirstFunctionNobodySignsIn(t *testing.T) {
	w := newWorld(t)
	if _, err := Run(t.Context(), w.options(t, filepath.Join(t.TempDir(), "seed.json"), "api-org-get-me")); err != nil || len(w.calls) > 0 {
		t.Errorf("asked %v (%v)", w.calls, err)
	}
}

func TestARunThatFailedGoesOnWhereItWas(t *testing.T) {
	for name, refuse := range map[string]string{
		"before FitKit knows the studio": "/v1/me",
		"while the plans are made":       "/v1/plans",
		"while members are made":         "/v1/members",
		"while they are sold to":         "/v1/sales",
	} {
		t.Run(name, func(t *testing.T) {
			w, file := newWorld(t), filepath.Join(t.TempDir(), "seed.json")
			w.refuse = refuse
			_, err := Run(t.Context(), w.options(t, file))
			var problem *Problem
			if !errors.As(err, &problem) || problem.Status != http.StatusInternalServerError || problem.Code != "internal" {
				t.Fatalf("said %v", err)
			}
			w.refuse = ""
			if _, err := Run(t.Context(), w.options(t, file)); err != nil {
				t.Fatal(err)
			}
			if n := w.calls["POST /_dev/studio"]; n != 1 {
				t.Errorf("Clerk made %d studios", n)
			}
			if got := w.distinctSales(); got != 3 {
				t.Errorf("%d different keys for 3 sales", got)
			}
		})
	}
}

// distinctSales counts the sales that FitKit would see, which takes a repeated key for a repeated request.
func (w *world) distinctSales() (n int) {
	for i := range 10 {
		if w.keys[fmt.Sprintf("seed-org_1-sale-%d", i)] > 0 {
			n++
		}
	}
	return n
}

func TestACardPageThatWasPaidBeforeIsNoMistake(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		ok     bool
	}{
		"the card is saved":          {http.StatusSeeOther, true},
		"it was saved by a cut run":  {http.StatusConflict, true},
		"the card is declined":       {http.StatusPaymentRequired, false},
		"the form is not understood": {http.StatusUnprocessableEntity, false},
	} {
		t.Run(name, func(t *testing.T) {
			page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tc.status) }))
			defer page.Close()
			if err := SaveCard(t.Context(), page.URL, CardApproves, NationalID(1)); (err == nil) != tc.ok {
				t.Errorf("said %v", err)
			}
		})
	}
}
