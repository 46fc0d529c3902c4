package main

import (
	"strings"
	"testing"
)

// What runs reads the version that its deployment named, so a deleted list takes its keys away within ten minutes, and the next
// deployment would keep the name of what is no more. Red with the look left out, with a list that was never there refused, with
// the word not known to the keys' rule, and with the first function's absence taken for an answer.
func TestADeletedListOfFormerKeysIsNotDeployedOver(t *testing.T) {
	const list = "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"
	for name, tc := range map[string]struct {
		status  string
		stored  string // the list's value; empty when the store has none
		running string // what functions have in its place
		want    string
	}{
		"deleted while it is named": {"UPDATE_COMPLETE", "", "ssm:/fitkit/staging/billing/" + list + ":3",
			"/fitkit/staging/billing/" + list + " was deleted while fitkit-staging runs with it (/fitkit/staging/billing/" + list + ":3): put back what stood there, or the word none"},
		"emptied by the word":          {"UPDATE_COMPLETE", "none", "ssm:/fitkit/staging/billing/" + list + ":3", ""},
		"there, with a key":            {"UPDATE_COMPLETE", strings.Repeat("7e", 32), "ssm:/fitkit/staging/billing/" + list + ":3", ""},
		"never there":                  {"UPDATE_COMPLETE", "", "", ""},
		"a first deployment":           {"", "", "", ""},
		"functions without a variable": {"UPDATE_COMPLETE", "", "null", ""},
	} {
		t.Run(name, func(t *testing.T) {
			settings := whole("staging", map[string]string{"billing/" + list: tc.stored})
			a := &account{settings: settings, status: tc.status, running: map[string]string{list: tc.running}}
			if tc.running == "null" {
				a.running = nil
			}
			_, err := release(t, a, repository(t, "staging"), "staging", nil, "check")
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
