package nationalid

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"fitkit/shared/vectors"
)

type idVectors struct {
	Count int
	Cases []struct{ ID, Category, Input, Expect, Normalised, Reason string }
}

// FitKit's policy for separators is to drop them, here and so at every entry.
func TestIdentityNumberVectors(t *testing.T) {
	set := vectors.Load[idVectors](t, "israeli_id.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) {
			id, err := Parse(tc.Input)
			if tc.Expect == "invalid" {
				if err == nil {
					t.Fatalf("%q was accepted", tc.Input)
				}
				return
			}
			if err != nil || id.Number != tc.Normalised || id.Kind != Israeli || id.Country != "IL" {
				t.Fatalf("%q was read as %q, %v; want %q", tc.Input, id.Number, err, tc.Normalised)
			}
		})
	}
}

func TestTheRulesOwnNumbers(t *testing.T) {
	for _, good := range []string{"000000018", "123456782", "111111118", "222222226", "39337423", "200000008", "031234560", "315000018", "201456787", "034567891"} {
		if _, err := Parse(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]error{
		"123456789": ErrCheckDigit, "111111111": ErrCheckDigit, "123465782": ErrCheckDigit, "213456782": ErrCheckDigit,
		"345678901": ErrCheckDigit, "012345678": ErrCheckDigit, "087654321": ErrCheckDigit, "999999999": ErrCheckDigit,
		"000000000": ErrReserved, "00000": ErrReserved, "999999998": ErrReserved, "99999999-8": ErrReserved,
		"18": ErrMalformed, "-- --": ErrMalformed, "1234567820": ErrMalformed, "１２３４５６７８２": ErrMalformed,
	} {
		if _, err := Parse(bad); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", bad, err, want)
		}
	}
	if !CheckDigit("516179157") || CheckDigit("516179158") || CheckDigit("51617915") {
		t.Error("company numbers have the same check digit")
	}
}

func TestPassports(t *testing.T) {
	id, err := ParsePassport("fr", "12ab-34567")
	if err != nil || id.Kind != Passport || id.Country != "FR" || id.Number != "12AB34567" || id.Last3() != "567" {
		t.Fatalf("read %s of %s: %v", id.Number, id.Country, err)
	}
	for name, bad := range map[string][2]string{
		"no country": {"", "12AB34567"}, "a country's name": {"France", "12AB34567"}, "Hebrew letters": {"FR", "אבגדהו"},
		"too short": {"FR", "1234"}, "too long": {"FR", strings.Repeat("1", 21)}, "a colon": {"FR", "12345:6"}, "NUL": {"FR", "123456\x00"},
	} {
		if _, err := ParsePassport(bad[0], bad[1]); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSealedTextReadsBack(t *testing.T) {
	israeli, err := Parse("39337423")
	if err != nil {
		t.Fatal(err)
	}
	passport, err := ParsePassport("US", "039337423")
	if err != nil {
		t.Fatal(err)
	}
	if israeli.Canonical() == passport.Canonical() {
		t.Fatal("a passport with the same digits is another person's")
	}
	for _, id := range []ID{israeli, passport} {
		if got, err := FromCanonical(id.Canonical()); err != nil || got != id {
			t.Errorf("%q came back as %q, %v", id.Canonical(), got.Canonical(), err)
		}
	}
	for _, bad := range []string{"", "039337423", "il:IL:039337424", "il:FR:039337423", "card:IL:039337423", "il:IL:039337423:"} {
		if _, err := FromCanonical(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestAnIDIsPrintedByNothing(t *testing.T) {
	id, err := Parse("123456782")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("member", "id", id, "ids", []ID{id})
	encoded, err := json.Marshal(map[string]any{"id": id, "ptr": &id})
	if err != nil {
		t.Fatal(err)
	}
	out := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out += fmt.Sprintf(verb+verb+verb, id, &id, struct{ ID ID }{id})
	}
	if strings.Contains(out, "123456782") || strings.Contains(out, fmt.Sprintf("%x", "123456782")) || !strings.Contains(out, redacted) {
		t.Fatalf("the number is shown: %s", out)
	}
}
