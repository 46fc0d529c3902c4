package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"fitkit/shared/config"
	"fitkit/shared/secret"
)

// owner is the variable that a deployment's migrations alone read: the schema owner's connection, no parameter of a template.
const owner = "DIRECT_DATABASE_URL"

type migrations struct {
	URL secret.Secret `env:"DIRECT_DATABASE_URL" check:"postgres"`
}

// filled are the variables that the template makes itself when the store has none.
var filled = map[string]string{
	"QUEUE_URL_PREFIX": "https://made.by.the.template/", "REALTIME_URL": "wss://made.by.the.template/v1", "PUBLIC_API_URL": "https://made.by.the.template",
}

// sound says of each setting that is missing or wrong what is wrong with it, once.
func (r *Release) sound(stored map[string]setting) error {
	_, missing, err := r.values(stored)
	if err != nil {
		return err
	}
	if r.value(owner, stored) == "" {
		missing = append(missing, owner)
		slices.Sort(missing)
	}
	copied, err := r.copied(stored)
	if err != nil {
		return err
	}
	refused, err := r.refused(stored)
	if err != nil {
		return err
	}
	var errs []error
	if len(missing) > 0 {
		errs = append(errs, r.missing(missing))
	}
	for _, variable := range copied {
		errs = append(errs, fmt.Errorf("%s of %s has the value of .env.example, which everybody knows: put a secret of its own there", variable, r.stage))
	}
	for _, p := range refused {
		if slices.Contains(missing, p.Variable) || slices.Contains(copied, p.Variable) {
			continue
		}
		sentence := fmt.Errorf("%s: %s %s; put it at %s", r.stage, p.Variable, p.Rule, cmp.Or(stored[p.Variable].Name, r.whereTo(p.Variable)))
		if r.stage == "preview" { // its functions are the pull request's, whose rules may be others than these
			fmt.Fprintln(r.Out, "Mind:", sentence)
			continue
		}
		errs = append(errs, sentence)
	}
	return errors.Join(errs...)
}

// refused are the parameters whose values functions would refuse to start with, by the rules that they start by. The template
// cannot hold them to these: one of two stores is enough, and a default that is empty is a value to it.
func (r *Release) refused(stored map[string]setting) (config.Problems, error) {
	takes, _, err := r.parameters()
	if err != nil {
		return nil, err
	}
	sections := append(config.All(), &migrations{})
	read := config.Read(func(name string) string { return cmp.Or(r.value(name, stored), filled[name]) }, sections...)
	var all, out config.Problems
	if err := config.Together(read, config.Guard(r.stage, sections...), r.provable(stored), r.ruled(stored)); err != nil && !errors.As(err, &all) {
		return nil, err
	}
	for _, p := range all {
		_, taken := takes[p.Variable]
		again := slices.ContainsFunc(out, func(known config.Problem) bool { return known.Variable == p.Variable }) // several sections read it
		if (taken || p.Variable == owner) && !again {
			out = append(out, p)
		}
	}
	return out, nil
}

// provable refuses stages with a past and no way to prove their backups: the cron that does starts without, and fails every week.
func (r *Release) provable(stored map[string]setting) error {
	if r.stage == "preview" {
		return nil
	}
	var lacks config.Problems
	for _, variable := range []string{"NEON_API_KEY", "NEON_PROJECT_ID"} {
		if r.value(variable, stored) == "" {
			lacks = append(lacks, config.Problem{Variable: variable, Rule: "is required here: without it the weekly proof of the backups fails"})
		}
	}
	return config.Together(lacks)
}
