package name

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"fitkit/shared/vectors"
)

func TestNamesAreKeptAsWritten(t *testing.T) {
	for name, in := range map[string]string{
		"Hebrew with geresh":           "ז׳קלין צ'רנוב",
		"Hebrew with niqqud":           "שָׁלוֹם",
		"an apostrophe":                "O'Brien",
		"a balanced override":          "\u202eevil\u202c",
		"a right-to-left mark":         "א\u200fב",
		"a no-break space":             "a\u00a0b",
		"isolates inside each other":   "\u2067א\u2066b\u2069\u2069",
		"a joined emoji":               "🏋️\u200d♀️",
		"a space at the end, as typed": "דנה ",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Clean(in); err != nil || got != norm.NFC.String(in) {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
	if got, err := Clean("Rene\u0301"); err != nil || got != "René" {
		t.Fatalf("an accent of its own is composed: got %q, %v", got, err)
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want error
	}{
		"NUL":                        {"a\x00b", ErrCharacter},
		"a line's end":               {"a\nb", ErrCharacter},
		"a tab":                      {"a\tb", ErrCharacter},
		"a terminal's escape":        {"\x1b[31mred", ErrCharacter},
		"a C1 control":               {"a\u0085b", ErrCharacter},
		"a line separator":           {"a\u2028b", ErrCharacter},
		"a byte that is not UTF-8":   {"a\xff", ErrCharacter},
		"empty":                      {"", ErrBlank},
		"spaces":                     {" \u00a0 ", ErrBlank},
		"an override left open":      {"x\u202efdp.exe", ErrDirection},
		"an isolate left open":       {"\u2067דנה", ErrDirection},
		"an end without a beginning": {"דנה\u202c", ErrDirection},
		"ends in the wrong order":    {"\u202a\u2066a\u202c\u2069", ErrDirection},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Clean(tc.in); !errors.Is(err, tc.want) {
				t.Fatalf("got %q, %v; want %v", got, err, tc.want)
			}
		})
	}
}

// Whatever people send is kept or refused; nothing in between.
func TestNaughtyStringsAreKeptOrRefused(t *testing.T) {
	for _, in := range vectors.Load[[]string](t, "blns.json") {
		got, err := Clean(in)
		if err == nil && got != norm.NFC.String(in) {
			t.Errorf("%q became %q", in, got)
		}
		if key := SearchKey(in); !utf8.ValidString(key) || SearchKey(key) != key {
			t.Errorf("%q has the key %q, whose own key is %q", in, key, SearchKey(key))
		}
	}
}

func TestSearchFindsWhatPeopleMean(t *testing.T) {
	for name, pair := range map[string][2]string{
		"final letters":          {"שלום", "שלומ"},
		"all five final letters": {"ךםןףץ", "כמנפצ"},
		"niqqud":                 {"שָׁלוֹם", "שלום"},
		"a composed shin":        {"\ufb2aלום", "שלום"},
		"geresh and apostrophe":  {"ז׳קלין", "ז'קלין"},
		"a phone's curly quote":  {"ז’קלין", "ז'קלין"},
		"gershayim and quotes":   {"אח״ם", `אח"ם`},
		"maqaf and hyphen":       {"בן־דוד", "בן-דוד"},
		"capitals":               {"DANA Levi", "dana levi"},
		"accents":                {"René", "rene"},
		"spaces":                 {"  דנה \u00a0 לוי ", "דנה לוי"},
		"direction marks":        {"\u200fדנה\u200e לוי", "דנה לוי"},
		"wide letters":           {"ＤＡＮＡ", "dana"},
	} {
		t.Run(name, func(t *testing.T) {
			if a, b := SearchKey(pair[0]), SearchKey(pair[1]); a != b || a == "" {
				t.Fatalf("%q and %q differ", a, b)
			}
		})
	}
	if SearchKey("דנה") == SearchKey("דינה") || SearchKey("בן דוד") == SearchKey("בנדוד") {
		t.Fatal("different names have one key")
	}
}

func TestASearchKeyIsItsOwnKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := SearchKey(rapid.String().Draw(t, "text"))
		if SearchKey(key) != key {
			t.Fatalf("%q has the key %q", key, SearchKey(key))
		}
	})
}

func TestAnIsolatedNameIsBalanced(t *testing.T) {
	if got := Isolate("Dana"); !balanced(got) || !strings.Contains(got, "Dana") {
		t.Fatalf("%q", got)
	}
}
