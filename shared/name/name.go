// Package name cleans the names of people and studios, and makes the key they are searched
// by. A name is kept as it was written, in Hebrew or Latin letters, with geresh and niqqud;
// only its Unicode form is made uniform.
package name

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	// ErrBlank means the name is empty or only spaces.
	ErrBlank = errors.New("name: blank")
	// ErrCharacter means the name holds what no name does: NUL and other control
	// characters, line ends, or bytes that are not UTF-8.
	ErrCharacter = errors.New("name: a character that is not allowed")
	// ErrDirection means the name leaves a direction override open, or ends one it did not
	// open: it would turn round the text printed next to it.
	ErrDirection = errors.New("name: unbalanced direction marks")
)

// Clean returns the name in Unicode's form NFC, otherwise as given: spaces are not touched.
func Clean(input string) (string, error) {
	switch {
	case !utf8.ValidString(input), strings.ContainsFunc(input, forbidden):
		return "", ErrCharacter
	case strings.TrimSpace(input) == "":
		return "", ErrBlank
	case !balanced(input):
		return "", ErrDirection
	}
	return norm.NFC.String(input), nil
}

// SearchKey returns the form in which names are compared: small letters, without niqqud
// and accents, final letters as ordinary ones, one kind of geresh, gershayim and hyphen, no
// direction marks, single spaces. What is typed into a search goes through it too.
func SearchKey(text string) string {
	var key strings.Builder
	for _, c := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, c) || unicode.Is(unicode.Cf, c) {
			continue
		}
		if plain, ok := folded[c]; ok {
			c = plain
		}
		key.WriteRune(unicode.ToLower(c))
	}
	return strings.Join(strings.Fields(norm.NFC.String(key.String())), " ")
}

// Isolate wraps a name so that its direction does not mix with that of the sentence around
// it, in mails and PDFs.
func Isolate(name string) string { return "\u2068" + name + "\u2069" }

// folded maps each letter or mark to the one that stands for it in a search key.
var folded = map[rune]rune{
	'ך': 'כ', 'ם': 'מ', 'ן': 'נ', 'ף': 'פ', 'ץ': 'צ',
	'׳': '\'', '’': '\'', '‘': '\'', '`': '\'',
	'״': '"', '“': '"', '”': '"', '„': '"',
	'־': '-', '‐': '-', '–': '-',
}

func forbidden(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }

// balanced reports whether every embedding, override and isolate is closed by its own end,
// in order (Unicode annex 9).
func balanced(text string) bool {
	const pop, popIsolate = '\u202c', '\u2069'
	var open []rune
	for _, c := range text {
		switch c {
		case '\u202a', '\u202b', '\u202d', '\u202e':
			open = append(open, pop)
		case '\u2066', '\u2067', '\u2068':
			open = append(open, popIsolate)
		case pop, popIsolate:
			if len(open) == 0 || open[len(open)-1] != c {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}
