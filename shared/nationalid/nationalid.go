// Package nationalid checks Israeli identity numbers and holds foreigners' passports in
// the same type. An ID prints as [redacted]; what is stored is sealed, with a blind index
// and the last three characters beside it.
package nationalid

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

var (
	// ErrMalformed means the input is not 5 to 9 digits, or no passport number.
	ErrMalformed = errors.New("nationalid: malformed")
	// ErrCheckDigit means the digits do not add up: most likely a slip of the finger.
	ErrCheckDigit = errors.New("nationalid: wrong check digit")
	// ErrReserved means a number that adds up but is nobody's: all zeros, and 999999998,
	// which the tax authority puts where a number is unknown.
	ErrReserved = errors.New("nationalid: not a person's number")
)

const (
	digits = 9
	// minTyped is the fewest digits that are padded with zeros. One in ten shorter inputs
	// would pass the check, while no number in use is so low.
	minTyped = 5
	// maxPassport is the longest passport number taken; ICAO 9303 allows nine characters
	// and some states print more.
	maxPassport = 20
)

// Kind says what document a number is from.
type Kind string

// The kinds, as stored in id_kind.
const (
	Israeli  Kind = "il"
	Passport Kind = "passport"
)

// ID is a checked and normalised identity number. Equal IDs compare equal.
type ID struct {
	Kind    Kind
	Country string // ISO 3166 alpha-2, in capitals; IL for an Israeli number
	Number  string // nine digits, or a passport's letters and digits in capitals
}

// Parse reads an Israeli identity number. Hyphens and spaces are dropped, fewer than nine
// digits padded with zeros on the left. Anything else is refused, never cut.
func Parse(input string) (ID, error) {
	number := strings.NewReplacer("-", "", " ", "").Replace(input)
	if len(number) < minTyped || len(number) > digits || !within(number, '0', '9') {
		return ID{}, ErrMalformed
	}
	number = strings.Repeat("0", digits-len(number)) + number
	switch {
	case number == "000000000", number == "999999998":
		return ID{}, ErrReserved
	case !CheckDigit(number):
		return ID{}, ErrCheckDigit
	}
	return ID{Kind: Israeli, Country: "IL", Number: number}, nil
}

// ParsePassport reads a passport number of a country given by its two letters. Passports
// have no common check digit, so only the form is checked.
func ParsePassport(country, number string) (ID, error) {
	country = strings.ToUpper(country)
	number = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(number))
	if len(country) != 2 || !within(country, 'A', 'Z') || len(number) < minTyped || len(number) > maxPassport {
		return ID{}, ErrMalformed
	}
	for _, c := range number {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return ID{}, ErrMalformed
		}
	}
	return ID{Kind: Passport, Country: country, Number: number}, nil
}

// CheckDigit reports whether nine digits satisfy the check of identity and company
// numbers: weights 1 2 1 2 …, the digits of each product added up, the total a multiple
// of ten. It cannot notice a 0 and a 9 that changed places.
func CheckDigit(nine string) bool {
	if len(nine) != digits || !within(nine, '0', '9') {
		return false
	}
	total := 0
	for i, c := range nine {
		product := int(c-'0') * (1 + i%2)
		total += product/10 + product%10
	}
	return total%10 == 0
}

// Canonical is the text that is sealed and indexed, as il:IL:123456782. Equal IDs, and no
// others, have equal texts.
func (id ID) Canonical() string { return string(id.Kind) + ":" + id.Country + ":" + id.Number }

// FromCanonical reads back what Canonical wrote.
func FromCanonical(text string) (ID, error) {
	parts := strings.Split(text, ":")
	switch {
	case len(parts) != 3:
		return ID{}, ErrMalformed
	case parts[0] == string(Passport):
		return ParsePassport(parts[1], parts[2])
	case parts[0] == string(Israeli) && parts[1] == "IL":
		return Parse(parts[2])
	}
	return ID{}, ErrMalformed
}

// Last3 is the end of the number, which staff see to tell people apart.
func (id ID) Last3() string { return id.Number[max(0, len(id.Number)-3):] }

const redacted = "[redacted]"

// Format writes [redacted] for every verb.
func (ID) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns [redacted].
func (ID) String() string { return redacted }

// LogValue gives slog [redacted].
func (ID) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText encodes as [redacted]: an answer that must show the number names it.
func (ID) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func within(text string, low, high rune) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c < low || c > high }) < 0
}
