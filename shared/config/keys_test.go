package config_test

import (
	"errors"
	"strings"
	"testing"

	"fitkit/shared/config"
	"fitkit/shared/secret"
)

// The parameter store keeps no empty value, so a list is emptied by a word. Red without it, with the word taken for an active key
// too, and with it taken beside a key.
func TestAListOfFormerKeysIsEmptiedByAWord(t *testing.T) {
	one, two := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for name, tc := range map[string]struct {
		active, previous string
		former           int
		wrong            string // the variable that is blamed
	}{
		"no list":                {one, "", 0, ""},
		"the word":               {one, "none", 0, ""},
		"a former key":           {one, two, 1, ""},
		"the word beside a key":  {one, two + ",none", 0, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"},
		"the word in capitals":   {one, "NONE", 0, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"},
		"the word as active key": {"none", "", 0, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			var keys config.PaymentKeys
			var problems config.Problems
			errors.As(config.Read(func(variable string) string {
				return map[string]string{"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": tc.active, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS": tc.previous}[variable]
			}, &keys), &problems)
			if got := len(problems) > 0; got != (tc.wrong != "") || got && problems[0].Variable != tc.wrong {
				t.Errorf("blames %v, want %q", problems, tc.wrong)
			}
			if tc.wrong == "" && len(keys.Previous) != tc.former {
				t.Errorf("%d former keys", len(keys.Previous))
			}
		})
	}
}

func TestKeysThatWereNotChangedTogetherStopTheStart(t *testing.T) {
	one, two, three := secret.Secret(strings.Repeat("a", 64)), secret.Secret(strings.Repeat("b", 64)), secret.Secret(strings.Repeat("c", 64))
	for name, tc := range map[string]struct {
		stage   string
		section any
		index   secret.Secret
		wrong   string // the variable that is blamed; none when the start goes on
	}{
		"a rotation: the former key is the previous one": {"production", &config.PaymentKeys{Active: two, Previous: []secret.Secret{one}}, three, ""},
		"the active key is among the former ones": {"production", &config.PaymentKeys{Active: one, Previous: []secret.Secret{two, one}}, three,
			"PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"},
		"the same in capitals": {"local", &config.NationalIDKeys{Active: one, Previous: []secret.Secret{"A" + one[1:]}}, three,
			"NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS"},
		"the index key encrypts, too":          {"staging", &config.NationalIDKeys{Active: one}, one, "NATIONAL_ID_INDEX_KEY"},
		"the index key encrypted before":       {"production", &config.NationalIDKeys{Active: two, Previous: []secret.Secret{one}}, one, "NATIONAL_ID_INDEX_KEY"},
		"a laptop has the same key everywhere": {"local", &config.NationalIDKeys{Active: one}, one, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var problems config.Problems
			errors.As(config.Guard(tc.stage, tc.section, &config.NationalIDIndex{Key: tc.index}), &problems)
			if got := len(problems) > 0; got != (tc.wrong != "") || got && problems[0].Variable != tc.wrong {
				t.Errorf("blames %v, want %q", problems, tc.wrong)
			}
		})
	}
}
