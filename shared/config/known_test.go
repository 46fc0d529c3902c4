package config_test

import (
	"encoding/base64"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"fitkit/shared/config"
	"fitkit/shared/secret"
)

// Red without the guard, and with the guard over the current secret alone.
func TestAWebhookSecretThatEverybodyKnowsStopsTheStart(t *testing.T) {
	text, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^# CLERK_WEBHOOK_SECRET=(\S+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatal(".env.example shows no CLERK_WEBHOOK_SECRET")
	}
	example := secret.Secret(found[1])
	letters := secret.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x41", 32))))
	good := secret.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte("twenty-four bytes at least")))
	for stage, deployed := range map[string]bool{"local": false, "test": false, "ci": false, "preview": true, "staging": true, "production": true} {
		for _, known := range []secret.Secret{example, secret.Secret(strings.TrimPrefix(example.Reveal(), "whsec_")), letters} {
			for wrong, given := range map[string]*config.ClerkWebhook{
				"CLERK_WEBHOOK_SECRET":          {Secret: known},
				"CLERK_WEBHOOK_SECRET_PREVIOUS": {Secret: good, Previous: known, PreviousUntil: "2026-03-02T12:00:00Z"},
			} {
				var problems config.Problems
				errors.As(config.Guard(stage, given), &problems)
				if got := len(problems) == 1 && problems[0].Variable == wrong; got != deployed {
					t.Errorf("%s, %s: blames %v", stage, wrong, problems)
				}
			}
		}
		if err := config.Guard(stage, &config.ClerkWebhook{Secret: good}); err != nil {
			t.Errorf("%s refuses a good one: %v", stage, err)
		}
	}
}
