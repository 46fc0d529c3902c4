package run

import (
	"context"
	"maps"

	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/ssm"
)

// changed asks the store again when its last answer is old, and says whether the function must be made anew. A store that
// does not answer, or answers what no function could start with, changes nothing: the values that work stay.
func (app *App) changed(ctx context.Context) bool {
	r := app.references
	now := r.now()
	if now.Before(r.due) && !now.Before(r.asked) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, againWithin)
	defer cancel()
	values, err := r.get(ctx, r.parameters())
	if err != nil {
		r.postpone("code", ssm.Code(err))
		return false
	}
	if maps.Equal(values, r.values) {
		r.take(values)
		r.complained = false
		return false
	}
	if problems := r.missing(values); problems != nil {
		r.postpone("problem", problems.Error())
		return false
	}
	if _, err := settings(app.Spec, r.lookup(values)); err != nil {
		r.postpone("problem", err.Error())
		return false
	}
	return true
}

// postpone keeps what there is for another minute, and says why once until all is well again. Problems hold names and rules.
func (r *references) postpone(key, why string) {
	r.asked = r.now()
	r.due = r.asked.Add(again)
	if !r.complained {
		obs.Log.Error("the settings were not read again; the ones before stay in use", key, why)
	}
	r.complained = true
}

// settings reads the sections of a function and holds them to every rule.
func settings(spec Spec, getenv func(string) string) ([]any, error) {
	sections := need.Sections(spec.Needs)
	if err := config.Read(getenv, sections...); err != nil {
		return nil, err
	}
	stage := sections[0].(*config.Core).Stage
	return sections, config.Together(config.Guard(stage, sections...), config.GuardHooks(stage, getenv))
}
