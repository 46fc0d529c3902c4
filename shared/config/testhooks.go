package config

import "fitkit/shared/secret"

// TestHooks is read by the two functions of the frontends' end-to-end tests alone (docs/testing-frontends.md). It stands apart
// from the other sections because the templates of staging and production know nothing of it.
type TestHooks struct {
	Enabled bool          `env:"TEST_HOOKS_ENABLED" default:"false"`
	Secret  secret.Secret `env:"TEST_SEED_SECRET" optional:"true" check:"seed_secret"`
}

// GuardHooks refuses test hooks to every process of a stage that has none, whether or not it would read them: a switch that
// lies about in an environment is found before somebody deploys the function that obeys it. Names of stages are exact, and so
// are the switches' values; whether this is CI says nothing.
func GuardHooks(stage string, getenv func(string) string) error {
	var problems Problems
	for _, name := range []string{"TEST_AUTH_BYPASS", "TEST_HOOKS_ENABLED"} {
		switch value := getenv(name); {
		case value == "" || value == "false":
		case value != "true":
			problems = append(problems, Problem{name, "must be exactly true or false"})
		case !testStage(stage):
			problems = append(problems, Problem{name, "must be false on this stage: only local, test, ci and preview have test hooks"})
		}
	}
	if getenv("TEST_SEED_SECRET") != "" && !testStage(stage) {
		problems = append(problems, Problem{"TEST_SEED_SECRET", "must not be set on this stage: only local, test, ci and preview have test hooks"})
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// minSeedSecret and minDistinct keep out what is short and what is one character over and over, as the development keys are.
const (
	minSeedSecret = 32
	minDistinct   = 10
)

func checkSeedSecret(text string) string {
	distinct := map[rune]bool{}
	for _, c := range text {
		distinct[c] = true
	}
	if len(text) < minSeedSecret || len(distinct) < minDistinct {
		return "must be 32 or more characters that nobody guesses (openssl rand -hex 32 prints some)"
	}
	return ""
}

func testStage(stage string) bool {
	return stage == "local" || stage == "test" || stage == "ci" || stage == "preview"
}
