package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fitkit/shared/clock"
	"fitkit/shared/config"
	"fitkit/shared/ssm"
)

// A setting that is a reference, ssm:/fitkit/production/shared/DATABASE_URL, stands in the parameter store; with ":3" at its
// end it is that version. So a function's configuration holds no secret (docs/decisions/012).
const reference = "ssm:"

const (
	// readWithin bounds the reading at a start, which Lambda gives ten seconds in all.
	readWithin = 7 * time.Second
	// againWithin bounds the asking again, which an event waits for.
	againWithin = 1500 * time.Millisecond
	// again is when a store that did not answer is asked the next time.
	again = time.Minute
)

// references are a function's settings that stand in the parameter store. All times are the wall clock's: Lambda freezes
// processes, and the monotonic clock with them. One event at a time uses them.
type references struct {
	getenv     func(string) string
	names      map[string]string // each variable's parameter
	optional   map[string]bool   // variables that may be missing from the store
	values     map[string]string // by parameter
	get        func(ctx context.Context, names []string) (map[string]string, error)
	now        clock.Now
	due        time.Time // when to ask again; a clock set back asks too
	asked      time.Time
	complained bool
}

// referencesOf finds the variables of the sections that are references; nil when none is.
func referencesOf(sections []any, getenv func(string) string) (*references, error) {
	r := &references{getenv: getenv, names: map[string]string{}, optional: map[string]bool{}, now: clock.Real}
	for _, section := range sections {
		for _, v := range config.Variables(section) {
			if name, ok := strings.CutPrefix(getenv(v.Name), reference); ok {
				r.names[v.Name] = name
				r.optional[v.Name] = v.Optional || v.Default != ""
			}
		}
	}
	if len(r.names) == 0 {
		return nil, nil
	}
	var at config.Parameters
	if err := config.Read(getenv, &at); err != nil {
		return nil, err
	}
	r.get = ssm.New(at.Endpoint, at.Region, ssm.Keys{ID: at.KeyID, Secret: at.KeySecret, Token: at.KeyToken}).Get
	return r, nil
}

// parameters are the names that are asked for, each once.
func (r *references) parameters() []string {
	return slices.Compact(slices.Sorted(maps.Values(r.names)))
}

// read asks the store for everything. What it cannot say is a problem of each variable that waits for it.
func (r *references) read(ctx context.Context) config.Problems {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	values, err := r.get(ctx, r.parameters())
	r.take(values)
	if err == nil {
		return r.missing(values)
	}
	var out config.Problems
	for _, variable := range slices.Sorted(maps.Keys(r.names)) {
		out = append(out, config.Problem{Variable: variable, Rule: fmt.Sprintf("stands at %s, and %s; see docs/deploy.md, Secrets", r.names[variable], err)})
	}
	return out
}

func (r *references) take(values map[string]string) {
	r.values, r.asked = values, r.now()
	r.due = r.asked.Add(freshFor)
}

// missing are the variables whose parameter is not in the store, and which cannot be done without.
func (r *references) missing(values map[string]string) (out config.Problems) {
	for _, variable := range slices.Sorted(maps.Keys(r.names)) {
		if _, ok := values[r.names[variable]]; !ok && !r.optional[variable] {
			out = append(out, config.Problem{Variable: variable, Rule: "is not in the parameter store: put it at " + r.names[variable]})
		}
	}
	return out
}

// lookup is getenv with the store's values in the references' places.
func (r *references) lookup(values map[string]string) func(string) string {
	return func(variable string) string {
		if name, ok := r.names[variable]; ok {
			return values[name]
		}
		return r.getenv(variable)
	}
}
