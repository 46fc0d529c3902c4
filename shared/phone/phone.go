// Package phone normalises the numbers that members and staff type, to E.164.
//
// The rules for Israeli numbers are written out here, because the library for the whole
// world (nyaruka/phonenumbers) adds 5 MB to every function that links it, and FitKit's
// members are in Israel. A foreign number is checked for its form alone.
package phone

import (
	"errors"
	"regexp"
	"strings"
	"sync"
)

// ErrNumber means the input cannot be a member's number: not a number, incomplete, or one
// that nobody answers as a person, as 1-700, 1-800 and star numbers.
var ErrNumber = errors.New("phone: not a telephone number")

const country = "972"

// The patterns are compiled when a number is first read: most functions that link them start without reading one.
var (
	// israeli is the part after +972: mobile 050–058, VoIP 072–079, landlines 02 03 04 08 09.
	israeli = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:5[0-8]\d{7}|7[2-9]\d{7}|[23489]\d{7})$`) })
	// foreign is E.164: a country code without a leading zero, 8 to 15 digits in all.
	foreign = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9]\d{7,14}$`) })

	// separators are what people put between digits, and the direction marks that come
	// along when a number is copied out of right-to-left text.
	separators = strings.NewReplacer(pairs(" ", "-", "(", ")", "\u00a0", "\u200e", "\u200f",
		"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069")...)
)

// Number is a telephone number in E.164, as +972521234567. It is personal data: answers
// carry it, logs do not.
type Number string

// Parse reads a number as typed: local with its leading zero, or international with +, 00
// or a bare 972; a zero kept after the Israeli code, as in +972 (0)52, is dropped.
func Parse(input string) (Number, error) {
	typed := separators.Replace(input)
	digits, international := strings.CutPrefix(typed, "+")
	if !international {
		digits, international = strings.CutPrefix(typed, "00")
	}
	national, ours := strings.CutPrefix(digits, country)
	switch {
	case ours:
		national = strings.TrimPrefix(national, "0")
	case international && foreign().MatchString(digits):
		return Number("+" + digits), nil
	case international:
		return "", ErrNumber
	default:
		national, ours = strings.CutPrefix(digits, "0")
	}
	if !ours || !israeli().MatchString(national) {
		return "", ErrNumber
	}
	return Number("+" + country + national), nil
}

// IsIsraeliMobile reports whether n can take a text message in Israel.
func (n Number) IsIsraeliMobile() bool { return strings.HasPrefix(string(n), "+"+country+"5") }

// pairs lists each of old with the empty replacement, as strings.NewReplacer takes them.
func pairs(old ...string) []string {
	var out []string
	for _, o := range old {
		out = append(out, o, "")
	}
	return out
}
