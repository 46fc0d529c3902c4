package console

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
)

// functionRow is a function with what starts it and how it does.
type functionRow struct {
	template.Function
	tally
	Trigger         string // api, hook, job, cron or socket
	Doors           []door
	Processes, Busy int
}

// door is a way in: where a function is called from.
type door struct {
	Kind string // http, url, queue, schedule or socket
	Name string
}

func (c *Console) row(f template.Function, counted map[string]*tally) functionRow {
	row := functionRow{Function: f, Processes: len(c.Host.Processes(f.Name)), Busy: len(c.Host.Busy(f.Name)), Doors: c.doors(f)}
	row.Trigger, _, _ = strings.Cut(f.Name, "-")
	if of := counted[f.Name]; of != nil {
		row.tally = *of
	}
	return row
}

func (c *Console) doors(f template.Function) (doors []door) {
	for _, r := range c.Template.Routes {
		if r.Function == f.Name {
			doors = append(doors, door{"http", r.Key()})
		}
	}
	for _, s := range c.Template.Sockets {
		if s.Function == f.Name {
			doors = append(doors, door{"socket", s.Key})
		}
	}
	for _, e := range c.Template.EventSources {
		if e.Function == f.Name {
			doors = append(doors, door{"queue", e.Queue})
		}
	}
	for _, s := range c.Template.Schedules {
		if s.Function == f.Name {
			doors = append(doors, door{"schedule", s.Expression})
		}
	}
	if f.URL != nil {
		doors = append(doors, door{"url", "http://" + f.Name + ".localhost" + c.API[strings.LastIndex(c.API, ":"):] + "/"})
	}
	return doors
}

func (c *Console) rows() []functionRow {
	counted := tallies(c.Logs.Last("", allLines))
	var rows []functionRow
	for _, f := range c.Template.Functions {
		rows = append(rows, c.row(f, counted))
	}
	return rows
}

func (c *Console) functions(r *http.Request) (view, error) {
	rows := c.rows()
	triggers := map[string]int{}
	for _, row := range rows {
		triggers[row.Trigger]++
	}
	only := r.FormValue("trigger")
	if only != "" {
		rows = slices.DeleteFunc(rows, func(row functionRow) bool { return row.Trigger != only })
	}
	return view{"functions", "nav.functions", struct {
		Rows     []functionRow
		Triggers []string
		Only     string
	}{rows, slices.Sorted(maps.Keys(triggers)), only}}, nil
}

const (
	// linesOfFunction and shownInvocations bound a function's page, and shownTraces the list of the last requests.
	linesOfFunction  = 2000
	shownInvocations = 25
	shownTraces      = 20
)

func (c *Console) function(r *http.Request) (view, error) {
	f, ok := c.Template.Function(r.PathValue("name"))
	if !ok {
		return view{}, errNotFound
	}
	lines := c.Logs.Last(f.Name, linesOfFunction)
	list := invocationsOf(lines)
	return view{"function", f.Name, struct {
		functionRow
		Variables   []string // names alone: values are secrets
		Invocations []*invocation
		More        int
	}{c.row(f, tallies(lines)), slices.Sorted(maps.Keys(f.Env)), list[:min(len(list), shownInvocations)], max(0, len(list)-shownInvocations)}}, nil
}

// trace shows all that a request and the work it caused wrote.
func (c *Console) trace(r *http.Request) (view, error) {
	id := strings.TrimSpace(r.FormValue("id"))
	var found []host.LogLine
	var recent []*invocation
	if id != "" {
		found = host.Trace(c.Logs.Last("", allLines), id)
	} else {
		recent = lately(c.Logs.Last("", linesOfFunction))
	}
	return view{"trace", "nav.trace", struct {
		ID     string
		Lines  []host.LogLine
		Recent []*invocation
	}{id, found, recent}}, nil
}

// lately are the last requests that were written of, one of each correlation id: the invocation that began it.
func lately(lines []host.LogLine) []*invocation {
	seen, list := map[string]*invocation{}, []*invocation{}
	for _, l := range slices.Backward(lines) {
		id := l.Correlation()
		if id == "" {
			continue
		}
		if seen[id] == nil {
			if len(list) == shownTraces {
				continue
			}
			seen[id] = &invocation{Correlation: id}
			list = append(list, seen[id])
		}
		of := seen[id]
		of.Began, of.Request, of.Failed = l.Time, l.Function, of.Failed || isError(l)
		of.Lines = append(of.Lines, l)
	}
	slices.SortStableFunc(list, func(a, b *invocation) int { return cmp.Compare(b.Began.UnixNano(), a.Began.UnixNano()) })
	return list
}
