package memberapi_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"fitkit/shared/api/apitest"
	"fitkit/shared/tenancy"
	"fitkit/shared/vectors"
)

type extraStrings struct {
	Count int
	Cases []struct {
		ID, Category, Reason, Expect string
		Text                         *string
		Bytes                        []byte  `json:"bytes_b64"`
		JSON                         *string `json:"json_text"`
		Structure                    string  `json:"json_recipe"`
		Recipe                       struct {
			Unit  string
			Times int
		}
	}
}

// Naughty strings go into every text field of every endpoint: kept as they are, in Unicode's form NFC, or refused with
// a 4xx; never a 5xx.
func TestNaughtyStrings(t *testing.T) {
	e := env(t)
	texts := vectors.Load[[]string](t, "blns.json")
	for _, c := range vectors.Load[extraStrings](t, "strings_extra.json").Cases {
		if c.Text != nil {
			texts = append(texts, *c.Text)
		}
	}
	if len(texts) < 500 {
		t.Fatalf("only %d strings", len(texts))
	}
	desk := e.A.As(t, tenancy.Owner)
	fixed := create(t, e.A, body{"name": "קבוע"})
	kept := 0
	for _, text := range texts {
		made := desk.Post("/v1/members", body{"name": text})
		if made.Status == 201 {
			kept++
			if got := read(made).Name; got != norm.NFC.String(text) {
				t.Errorf("%q came back as %q", text, got)
			}
		}
		refusedOr(t, text, made, 201)
		refusedOr(t, text, desk.Post("/v1/members/search?limit=1", body{"text": text}), 200)
		fixed = naughtyUpdate(t, desk, fixed, text)
		refusedOr(t, text, desk.Patch("/v1/members/"+fixed.ID, body{"version": 1, "phone": text, "email": text, "birth_date": text, "language": text}), 0)
		refusedOr(t, text, desk.Put("/v1/members/"+fixed.ID+"/national-id", body{"kind": "passport", "number": text, "country": text}), 200)
		refusedOr(t, text, desk.Post("/v1/members/"+fixed.ID+"/national-id/reveal", body{"reason": text}), 200)
	}
	if kept < len(texts)*9/10 {
		t.Errorf("only %d of %d strings are taken as names", kept, len(texts))
	}
	if n := len(names(t, desk, body{"text": "קבוע"})); n != 1 {
		t.Errorf("the members are gone: %d", n)
	}
}

func refusedOr(t *testing.T, text string, r *apitest.Response, success int) {
	t.Helper()
	if r.Status != success && (r.Status < 400 || r.Status >= 500) {
		t.Errorf("%q: %d %s", text, r.Status, r.Body)
	}
}

// naughtyUpdate sets the Latin name, which may be any text, and then the e-mail.
func naughtyUpdate(t *testing.T, desk *apitest.Client, m card, text string) card {
	for _, field := range []string{"latin_name", "email"} {
		r := desk.Patch("/v1/members/"+m.ID, body{"version": m.Version, field: text})
		refusedOr(t, text, r, 200)
		if r.Status != 200 {
			continue
		}
		m = read(r)
		if field == "latin_name" && m.Latin != norm.NFC.String(text) {
			t.Errorf("%q came back as %q", text, m.Latin)
		}
	}
	return m
}

// Texts that no JSON marshaller would write are sent as they are.
func TestNaughtyBodies(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.Owner)
	for _, c := range vectors.Load[extraStrings](t, "strings_extra.json").Cases {
		var bodies []string
		switch {
		case c.Bytes != nil:
			bodies = []string{`{"name":"` + string(c.Bytes) + `"}`}
		case c.JSON != nil && c.Category == "json_structure":
			bodies = []string{*c.JSON, `{"name":` + *c.JSON + `}`}
		case c.JSON != nil:
			bodies = []string{`{"name":` + *c.JSON + `}`, `{"name":"x","allow_shared_phone":` + *c.JSON + `}`}
		case strings.HasPrefix(c.Structure, "depth"):
			bodies = []string{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), `{"name":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001)}
		case c.Recipe.Times > 0:
			name, err := json.Marshal(strings.Repeat(c.Recipe.Unit, c.Recipe.Times))
			if err != nil {
				t.Fatal(err)
			}
			bodies = []string{`{"name":` + string(name) + `}`}
		}
		for i, text := range bodies {
			t.Run(c.ID+" "+c.Reason+" "+strconv.Itoa(i), func(t *testing.T) {
				r := desk.Post("/v1/members", text)
				if c.Expect == "reject_400" && r.Status != 400 {
					t.Errorf("%d %s, want 400", r.Status, r.Body)
				}
				taken := c.JSON != nil && *c.JSON == `"10"` && i == 0 // a name may be digits
				if r.Status == 201 && !taken || r.Status >= 500 {
					t.Errorf("%d %s", r.Status, r.Body)
				}
			})
		}
	}
}
