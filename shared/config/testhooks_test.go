package config_test

import (
	"strings"
	"testing"

	"fitkit/shared/config"
)

// The e2e test of starts asks real processes the same; here is every combination. Red when the list of stages was turned
// round (all but production), and when the values were read by strconv.ParseBool.
func TestTestHooksAreRefusedOutsideTheFourStages(t *testing.T) {
	for _, stage := range []string{"local", "test", "ci", "preview", "staging", "production", "prod", "PROD", "", "unknown", "Local", "local ", "previews"} {
		may := stage == "local" || stage == "test" || stage == "ci" || stage == "preview"
		for _, name := range []string{"TEST_AUTH_BYPASS", "TEST_HOOKS_ENABLED"} {
			for _, value := range []string{"", "false", "true", "1", "TRUE", "yes", " 1", "on", "False"} {
				ok := value == "" || value == "false" || value == "true" && may
				env := map[string]string{name: value, "CI": "true", "NODE_ENV": "test"}
				err := config.GuardHooks(stage, func(n string) string { return env[n] })
				if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), name+": must be") {
					t.Errorf("%s=%q on stage %q: %v", name, value, stage, err)
				}
			}
		}
		err := config.GuardHooks(stage, func(n string) string { return map[string]string{"TEST_SEED_SECRET": "hush"}[n] })
		if (err == nil) != may || err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("a seed secret on stage %q: %v", stage, err)
		}
	}
}

func TestASeedSecretIsNotGuessed(t *testing.T) {
	for text, ok := range map[string]bool{
		"":                                 true, // none is given: nothing can be seeded
		"0123456789abcdef0123456789abcdef": true,
		"0123456789abcdef0123456789abcde":  false,
		"change-me":                        false,
		strings.Repeat("0", 64):            false,
		strings.Repeat("secret", 10):       false,
	} {
		err := config.Read(func(n string) string { return map[string]string{"TEST_SEED_SECRET": text}[n] }, &config.TestHooks{})
		if (err == nil) != ok || err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
