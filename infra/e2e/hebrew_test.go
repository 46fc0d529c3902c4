package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/sync/errgroup"

	"fitkit/shared/api"
)

// wantHebrew: each refused field says what is wrong with it in Hebrew too, in words of its own.
func (a answer) wantHebrew(t testing.TB, what string) {
	t.Helper()
	var problem struct {
		Errors []struct {
			Message string
			Hebrew  string `json:"message_he"`
		}
	}
	_ = json.Unmarshal(a.body, &problem) // what is no problem document has no fields
	for _, field := range problem.Errors {
		if field.Hebrew == api.HebrewOfOthers || !strings.ContainsFunc(field.Hebrew, func(r rune) bool { return unicode.Is(unicode.Hebrew, r) }) {
			t.Errorf("%s: %q has no Hebrew: %q", what, field.Message, field.Hebrew)
		}
	}
}

// bad are values that a field's schema refuses, by what is wrong with them.
func bad(f field) map[string]any {
	out := map[string]any{}
	if f.in == "body" {
		out["an object"], out["a list"], out["a number"], out["a truth"], out["null"] = map[string]any{"a": 1}, []any{map[string]any{}}, 1.5, true, nil
	}
	out["an empty text"], out["a text of no kind"], out["a long text"], out["a word"] = "", "\u200f!?", strings.Repeat("long ", 1000), "none"
	if f.schema.Minimum != nil {
		out["less than the least"] = value(f, *f.schema.Minimum-1)
	}
	if f.schema.Maximum != nil {
		out["more than the most"] = value(f, *f.schema.Maximum+1)
	}
	if f.schema.is("array") {
		out["no items"], out["a hundred items"] = []any{}, make([]int, 100)
	}
	return out
}

// value is a number as the place takes it: a text outside of the body.
func value(f field, n float64) any {
	if f.in == "body" {
		return n
	}
	return string(mustJSON(n))
}

// TestEveryRefusedFieldIsToldInHebrew sends values that the document does not allow, fields that are missing and fields that
// there are not, so that a message nobody translated is found. It was seen red without the line of dates in a query.
func TestEveryRefusedFieldIsToldInHebrew(t *testing.T) {
	input := makerFor(t, a)
	var group errgroup.Group
	group.SetLimit(4)
	try := func(r request, what string) {
		group.Go(func() error {
			got, err := r.try()
			if err == nil {
				got.wantHebrew(t, r.op.ID+" "+what)
			}
			return err
		})
	}
	for _, op := range operations(t) {
		valid := input.request(op).as(a, op.somebody())
		for _, f := range op.fields() {
			for what, value := range bad(f) {
				try(valid.set(f, value), f.String()+" with "+what)
			}
		}
		missing := valid
		if missing.query = nil; op.body() != nil {
			missing.body = map[string]any{}
		}
		try(missing, "without what is required")
		if op.body() != nil {
			try(valid.set(field{in: "body", keys: []string{"surely_not_a_field"}}, 1), "with a field that there is not")
		}
		try(valid.set(field{in: "query", keys: []string{"surely_not_a_parameter"}}, "1"), "with a parameter that there is not")
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}
