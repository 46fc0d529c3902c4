package memberapi_test

import (
	"fmt"
	"slices"
	"testing"

	"fitkit/shared/api/apitest"
	"fitkit/shared/tenancy"
)

func names(t *testing.T, c *apitest.Client, b body) []string {
	t.Helper()
	var got struct{ Items []struct{ Name string } }
	c.Post("/v1/members/search", b).Want(200).Into(&got)
	out := []string{}
	for _, m := range got.Items {
		out = append(out, m.Name)
	}
	return out
}

func TestSearch(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	noa := create(t, e.A, body{"name": "נֹעָה כהן", "latin_name": "Noa Cohen", "phone": "052-1234567", "email": "noa@example.com"})
	for _, b := range []body{{"name": "כהן דניאל", "phone": "03-6251111"}, {"name": "אבי מכהן"}, {"name": "שלום", "latin_name": "José"},
		{"name": "ג׳ורג' עוזי"}, {"name": "100%_"}, {"name": `back\slash`}} {
		create(t, e.A, b)
	}
	create(t, e.B, body{"name": "כהן של אחרים", "phone": "052-1234567"})
	desk.Put("/v1/members/"+noa.ID+"/national-id", body{"number": "000000018"}).Want(200)
	gone := create(t, e.A, body{"name": "עזב כהן"})
	desk.Post("/v1/members/"+gone.ID+"/archive", nil).Want(200)
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"a beginning comes before a later word, and that before the middle of one": {"כהן", []string{"כהן דניאל", "נֹעָה כהן", "אבי מכהן"}},
		"niqqud is not needed":             {"נעה", []string{"נֹעָה כהן"}},
		"niqqud does no harm":              {"כֹּהֵן דָּנִיאֵל", []string{"כהן דניאל"}},
		"a final letter is its letter":     {"שלומ", []string{"שלום"}},
		"words come in any order":          {"כהן נעה", []string{"נֹעָה כהן"}},
		"Latin letters, of any size":       {"nOA co", []string{"נֹעָה כהן"}},
		"accents are not needed":           {"jose", []string{"שלום"}},
		"one kind of geresh":               {"ג'ורג׳", []string{"ג׳ורג' עוזי"}},
		"a per cent sign is itself":        {"%", []string{"100%_"}},
		"an underscore is itself":          {"_", []string{"100%_"}},
		"a backslash is itself":            {`\`, []string{`back\slash`}},
		"a phone as dialled":               {"0521234567", []string{"נֹעָה כהן"}},
		"a phone as stored":                {"+972-52-123-4567", []string{"נֹעָה כהן"}},
		"a phone copied from Hebrew text":  {"\u200f052-1234567", []string{"נֹעָה כהן"}},
		"part of a phone":                  {"052-123", []string{"נֹעָה כהן"}},
		"the end of a phone":               {"1111", []string{"כהן דניאל"}},
		"an e-mail address":                {"NOA@example.com", []string{"נֹעָה כהן"}},
		"a national ID":                    {"000000018", []string{"נֹעָה כהן"}},
		"a national ID with its separator": {"00000001-8", []string{"נֹעָה כהן"}},
		"a national ID that nobody has":    {"123456782", []string{}},
		"the national ID's end finds none": {"018", []string{}},
		"what matches nobody":              {"זזז", []string{}},
		"marks alone match nobody":         {"\u05b8\u200b", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := names(t, desk, body{"text": tc.text}); !slices.Equal(got, tc.want) {
				t.Fatalf("%q, want %q", got, tc.want)
			}
		})
	}
	t.Run("archived members are found when asked for", func(t *testing.T) {
		if got := names(t, desk, body{"text": "כהן", "status": "archived"}); !slices.Equal(got, []string{"עזב כהן"}) {
			t.Fatal(got)
		}
		if got := names(t, desk, body{"text": "כהן", "status": "all"}); len(got) != 4 {
			t.Fatal(got)
		}
	})
	t.Run("no text is everybody", func(t *testing.T) {
		if got := names(t, desk, body{}); len(got) != 7 {
			t.Fatal(got)
		}
	})
	t.Run("the same ID in another studio is not found there", func(t *testing.T) {
		if got := names(t, e.B.As(t, tenancy.Owner), body{"text": "000000018"}); len(got) != 0 {
			t.Fatal(got)
		}
	})
	t.Run("coaches cannot try a number out", func(t *testing.T) { // red with the index given for every role
		coach := e.A.As(t, tenancy.Coach)
		for _, text := range []string{"000000018", "00000001-8"} {
			if got := names(t, coach, body{"text": text}); len(got) != 0 {
				t.Errorf("%s finds %q", text, got)
			}
		}
	})
	t.Run("coaches learn nothing of an ID from it", func(t *testing.T) {
		if r := e.A.As(t, tenancy.Coach).Post("/v1/members/search", body{"text": "נעה"}).Want(200); !slices.Contains(names(t, desk, body{"text": "נעה"}), "נֹעָה כהן") || containsHint(r) {
			t.Fatalf("%s", r.Body)
		}
	})
}

func containsHint(r *apitest.Response) bool {
	var got struct{ Items []card }
	r.Into(&got)
	return slices.ContainsFunc(got.Items, func(c card) bool { return c.NationalID != nil })
}

func TestSearchPages(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	for i := range 25 {
		create(t, e.A, body{"name": fmt.Sprintf("חבר %02d", i%5)}) // equal names, which only the id tells apart
	}
	other := create(t, e.B, body{"name": "חבר 00"})
	seen, cursor := map[string]bool{}, ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		var got struct {
			Items []card
			Next  string `json:"next_cursor"`
		}
		desk.Post("/v1/members/search?limit=7&cursor="+cursor, body{"text": "חבר"}).Want(200).Into(&got)
		for _, m := range got.Items {
			if seen[m.ID] || m.ID == other.ID {
				t.Fatalf("%s twice or of another studio", m.ID)
			}
			seen[m.ID] = true
		}
		if cursor = got.Next; pages > 4 {
			t.Fatal("no end")
		}
	}
	if len(seen) != 25 {
		t.Fatalf("%d members", len(seen))
	}
	t.Run("a made-up cursor is refused", func(t *testing.T) {
		desk.Post("/v1/members/search?cursor=eHg", body{}).Want(422, "request.invalid")
	})
	t.Run("a page has at most a hundred", func(t *testing.T) {
		desk.Post("/v1/members/search?limit=101", body{}).Want(422, "request.invalid")
	})
	t.Run("a search needs no Idempotency-Key", func(t *testing.T) {
		bare := e.A.As(t, tenancy.Owner)
		bare.Headers["Idempotency-Key"] = ""
		bare.Post("/v1/members/search", body{}).Want(200)
	})
}
