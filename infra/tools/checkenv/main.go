// Command checkenv checks .env with the rules that the functions start by, and prints everything that is wrong with it:
// names and rules, never values.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"fitkit/infra/tools/dotenv"
	"fitkit/shared/config"
	"fitkit/shared/secret"
)

func main() {
	path := ".env"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("There is no %s, and make dev needs none. To override something, copy .env.example to %s and change it there.\n", path, path)
		return
	}
	vars, err := dotenv.Read(path)
	if err == nil {
		err = check(vars)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
		os.Exit(1)
	}
	fmt.Printf("%s is fine: %d variable(s).\n", path, len(vars))
}

// surface is what the API's front door and the frontends need, beside the functions' own settings.
type surface struct {
	AllowedOrigins string        `env:"ALLOWED_ORIGINS" check:"origins"`
	FrontendURL    string        `env:"FRONTEND_URL" check:"url"`
	ClerkSecret    secret.Secret `env:"CLERK_SECRET_KEY"`
	ClerkPublic    string        `env:"CLERK_PUBLISHABLE_KEY"`
}

// check reads all settings as the functions would. On a developer's machine whatever is not set comes from make dev.
func check(vars map[string]string) error {
	sections := append(config.All(), &config.TestHooks{}, &surface{})
	err := config.Read(func(name string) string {
		if v := vars[name]; v != "" || name != "QUEUE_URL_PREFIX" && name != "REALTIME_URL" {
			return v
		}
		return "https://made.by.the.templates/"
	}, sections...)
	var problems config.Problems
	hooks := config.GuardHooks(vars["STAGE"], func(name string) string { return vars[name] })
	for _, err := range []error{err, config.Guard(vars["STAGE"], sections...), hooks} {
		var found config.Problems
		errors.As(err, &found)
		for _, p := range found {
			if vars["STAGE"] != "local" || vars[p.Variable] != "" {
				problems = append(problems, p)
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = "  " + p.Variable + ": " + p.Rule
	}
	return fmt.Errorf("%d setting(s) are missing or wrong; .env.example says what each one is.\n%s", len(problems), strings.Join(lines, "\n"))
}
