package api

import "testing"

// What a rule holds is told in both languages. Seen red with the text behind a value left on it.
func TestAMessageOfHumaIsToldInHebrew(t *testing.T) {
	for english, want := range map[string]string{
		"unexpected property":                                          "אין שדה כזה כאן; הסירו אותו",
		"expected required property name to be present":                "השדה name חסר; שלחו אותו",
		"required query parameter is missing":                          "הפרמטר חסר (query); שלחו אותו",
		"expected number >= 1":                                         "חייב להיות 1 או יותר",
		"expected number <= 100":                                       "חייב להיות 100 או פחות",
		"expected number":                                              "חייב להיות מספר",
		"expected length >= 1":                                         "האורך חייב להיות 1 תווים או יותר",
		"expected array length <= 7":                                   "מותרים 7 פריטים או פחות",
		`expected value to be one of "a, b"`:                           "חייב להיות אחד מאלה: a, b",
		"expected string to match pattern ^[0-9]{3}%?$":                "חייב להתאים לתבנית ^[0-9]{3}%?$",
		"expected string to be nine digits, or empty to remove it":     "חייב להיות תשע ספרות, או ריק כדי להסיר",
		"expected string to be RFC 4122 uuid: invalid UUID length: 1":  "חייב להיות מזהה (UUID)",
		errNull.Error():                                                "null אינו ערך: השמיטו את השדה, או שלחו טקסט ריק כדי להסיר את ערכו",
		"a message of a release of huma that nobody has looked at yet": HebrewOfOthers,
	} {
		if got := hebrewOf(english); got != want {
			t.Errorf("%q is told as %q, want %q", english, got, want)
		}
	}
}
