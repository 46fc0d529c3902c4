package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"fitkit/shared/config"
)

// example is a variable's line in .env.example and its value there, with or without the mark of a comment.
var example = regexp.MustCompile(`(?m)^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$`)

// Diff compares the parameter store with .env.example and the template: names and types, never values.
func (r *Release) Diff(ctx context.Context) error {
	lines, err := r.differences(ctx)
	if err != nil {
		return err
	}
	for _, line := range lines {
		fmt.Fprintln(r.Out, line)
	}
	if len(lines) > 0 {
		return fmt.Errorf("%s differs from .env.example in %d place(s)", r.stage, len(lines))
	}
	fmt.Fprintf(r.Out, "The settings of %s are those of .env.example.\n", r.stage)
	return nil
}

func (r *Release) differences(ctx context.Context) ([]string, error) {
	stored, err := r.settings(ctx, false)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(r.Root, ".env.example"))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		known[m[1]] = true
	}
	if len(known) == 0 {
		return nil, errors.New(".env.example names no variable")
	}
	takes, _, err := r.parameters()
	if err != nil {
		return nil, err
	}
	refused, err := r.refused(stored) // of values that are not read only what is missing counts
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, variable := range slices.Sorted(maps.Keys(stored)) {
		switch s := stored[variable]; {
		case !known[variable]:
			lines = append(lines, fmt.Sprintf("- %s is not in .env.example: delete %s, or describe it there", variable, s.Name))
		case (takes[variable].NoEcho || variable == owner) && s.Type != "SecureString":
			lines = append(lines, fmt.Sprintf("! %s is a secret and %s is a %s: put it again as a SecureString, and change the secret", variable, s.Name, s.Type))
		}
	}
	takes[owner] = declared{} // no parameter, and needed all the same
	for _, variable := range slices.Sorted(maps.Keys(takes)) {
		needed := takes[variable].Default == nil || slices.ContainsFunc(refused, func(p config.Problem) bool { return p.Variable == variable })
		if needed && r.value(variable, stored) == "" {
			lines = append(lines, fmt.Sprintf("+ %s is missing: put it at %s", variable, r.whereTo(variable)))
		}
	}
	for _, name := range r.astray {
		lines = append(lines, fmt.Sprintf("! %s is read by nobody, for functions read %s: put it there, and delete this one", name, r.place(path.Base(name))))
	}
	return lines, nil
}
