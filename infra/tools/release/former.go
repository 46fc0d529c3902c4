package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fitkit/shared/catalog"
	"fitkit/shared/config"
	"fitkit/shared/need"
)

// former refuses a list of former keys that the running stack names and the store lacks: whoever deleted it took the keys from
// what runs, which no check has looked at. A preview's data is a masked copy and holds nothing sealed.
func (r *Release) former(ctx context.Context, stored map[string]setting) error {
	if r.stage == "preview" {
		return nil
	}
	var errs []error
	for _, variable := range slices.Sorted(maps.Keys(fromStore())) {
		v := fromStore()[variable]
		if _, ok := stored[variable]; ok || !v.Key || !v.Optional {
			continue
		}
		named, err := r.named(ctx, variable)
		if err != nil {
			errs = append(errs, fmt.Errorf("which %s runs in %s cannot be read (%w)", variable, r.stack, err))
		} else if strings.HasPrefix(named, "ssm:") {
			errs = append(errs, fmt.Errorf("%s was deleted while %s runs with it (%s): put back what stood there, or the word none once make check-keys finds no value under a former key (infra/runbooks/key-rotation.md, 6)",
				v.Parameter(r.stage), r.stack, strings.TrimPrefix(named, "ssm:")))
		}
	}
	return errors.Join(errs...)
}

// named is a variable's text in the first function of the running stack that has it; a secret's is the name that it stands under.
func (r *Release) named(ctx context.Context, variable string) (text string, err error) {
	for _, spec := range catalog.All() {
		if !reads(need.Sections(spec.Needs), variable) {
			continue
		}
		out, err := r.AWS(ctx, "lambda", "get-function-configuration", "--function-name", r.stack+"-"+spec.Name, "--query", "Environment.Variables."+variable)
		if err != nil && strings.Contains(err.Error(), "ResourceNotFoundException") {
			continue // it comes with this deployment
		}
		if err != nil {
			return "", err
		}
		err = json.Unmarshal(out, &text) // null when it has no such variable
		return text, err
	}
	return "", nil
}

func reads(sections []any, variable string) bool {
	return slices.ContainsFunc(sections, func(section any) bool {
		return slices.ContainsFunc(config.Variables(section), func(v config.Variable) bool { return v.Name == variable })
	})
}
