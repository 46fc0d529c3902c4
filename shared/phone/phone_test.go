package phone

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestNumbersAsPeopleTypeThem(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"mobile with a hyphen":          {"052-1234567", "+972521234567"},
		"with the zero in brackets":     {"+972 (0)52 123 4567", "+972521234567"},
		"with 00":                       {"00972-52-1234567", "+972521234567"},
		"with a bare code":              {"972521234567", "+972521234567"},
		"copied out of Hebrew text":     {"\u200f\u202a052-123\u00a04567\u202c\u200e", "+972521234567"},
		"isolated, as our own mails do": {"\u2068+972521234567\u2069", "+972521234567"},
		"a landline in Jerusalem":       {"02-6251111", "+97226251111"},
		"a landline in Tel Aviv":        {"(03) 525-1111", "+97235251111"},
		"VoIP":                          {"077-1234567", "+972771234567"},
		"the first mobile prefix":       {"0501234567", "+972501234567"},
		"the last mobile prefix":        {"0581234567", "+972581234567"},
		"an American number":            {"+1 (212) 555-0123", "+12125550123"},
		"a French number with 00":       {"0033612345678", "+33612345678"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Parse(tc.in); err != nil || string(got) != tc.want {
				t.Fatalf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestNumbersThatAreRefused(t *testing.T) {
	for name, in := range map[string]string{
		"empty":                        "",
		"only separators":              " - ( ) ",
		"cut short":                    "0521234",
		"one digit too many":           "052-12345678",
		"a Palestinian mobile as ours": "059-1234567",
		"no such VoIP prefix":          "071-1234567",
		"a landline prefix not in use": "05-1234567",
		"1-700":                        "1-700-123456",
		"1-800":                        "1-800-123456",
		"1-700 behind the code":        "+972 1700 123456",
		"a star number":                "*2700",
		"local without its zero":       "521234567",
		"letters":                      "052-CALLNOW",
		"Arabic-Indic digits":          "٠٥٢١٢٣٤٥٦٧",
		"two pluses":                   "++972521234567",
		"a plus inside":                "052+1234567",
		"an extension":                 "02-6251111#12",
		"a line's end":                 "0521234567\n",
		"NUL":                          "0521234567\x00",
		"two zeros after the code":     "+9720052123456",
		"no country begins with zero":  "+0521234567",
		"longer than E.164":            "+1234567890123456",
		"foreign and too short":        "+1212555",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Parse(in); !errors.Is(err, ErrNumber) {
				t.Fatalf("%q was read as %q, %v", in, got, err)
			}
		})
	}
}

func TestANormalisedNumberStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, err := Parse(rapid.StringMatching(`(\+972|0)(5[0-8]|7[2-9])-?\d{7}|\+[1-8]\d{8,12}`).Draw(t, "typed"))
		if err != nil {
			return // +97… with a part that is not Israeli
		}
		if again, err := Parse(string(n)); err != nil || again != n {
			t.Fatalf("%q became %q, %v", n, again, err)
		}
	})
}

func TestOnlyIsraeliMobilesTakeTextMessages(t *testing.T) {
	for n, want := range map[Number]bool{"+972521234567": true, "+97226251111": false, "+972771234567": false, "+12125550123": false} {
		if n.IsIsraeliMobile() != want {
			t.Errorf("%s: %v", n, !want)
		}
	}
}
