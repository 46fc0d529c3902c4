package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/poller"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// queueRow is a queue by its jobs, which are the truth, and by its messages.
type queueRow struct {
	platform.QueueJobs
	poller.Depth
	Consumer string // the function
}

// deadShown is how many dead jobs a page lists.
const deadShown = 100

func (c *Console) queues(r *http.Request) (view, error) {
	rows, err := c.queueRows(r.Context())
	if err != nil {
		return view{}, err
	}
	only := queue.Name(r.FormValue("queue"))
	if only != "" && !slices.Contains(queue.Names, only) {
		return view{}, errNotFound
	}
	dead, err := c.Jobs.Dead(r.Context(), only, nil, deadShown)
	return view{"queues", "nav.queues", struct {
		Rows []queueRow
		Dead []platform.DeadJob
		Only queue.Name
		Most int
	}{rows, dead, only, deadShown}}, err
}

func (c *Console) queueRows(ctx context.Context) ([]queueRow, error) {
	jobs, err := c.Jobs.Queues(ctx)
	if err != nil {
		return nil, err
	}
	depths, err := c.Queues.Depths(ctx)
	if err != nil {
		return nil, err
	}
	var rows []queueRow
	for _, j := range jobs {
		row := queueRow{QueueJobs: j}
		of := func(deployed string) bool { return strings.HasSuffix(deployed, "-"+string(j.Queue)) } // behind the stage's prefix
		if i := slices.IndexFunc(depths, func(d poller.Depth) bool { return of(d.Queue) }); i >= 0 {
			row.Depth = depths[i]
		}
		for _, e := range c.Template.EventSources {
			if of(e.Queue) {
				row.Consumer = e.Function
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Name is the queue's own, without the stage's prefix.
func (r queueRow) Name() queue.Name { return r.QueueJobs.Queue }

// Late says that due work waits longer than the relay takes to send it again.
func (r queueRow) Late() bool { return r.OldestDue != nil && time.Since(*r.OldestDue) > lateAfter }

const lateAfter = 5 * time.Minute

// redrive gives dead jobs another try; the relay sends each within a minute of its turn.
func (c *Console) redrive(r *http.Request) (to string, said note, err error) {
	to = "/queues"
	most, rate := positive(r.FormValue("max")), positive(r.FormValue("rate"))
	if most == 0 || rate == 0 {
		return to, note{Failed: true, Key: "queues.numbers"}, nil
	}
	name := r.PathValue("name")
	var one []id.Job // of the list, when its own button was pressed
	if text := r.FormValue("job"); text != "" {
		job, ok := idOf[id.Job](text)
		if !ok {
			return to, note{Failed: true, Key: "queues.nojob"}, nil
		}
		one = []id.Job{job}
	}
	done, err := c.Jobs.Redrive(r.Context(), platform.Redrive{Queue: queue.Name(name), Jobs: one, Max: most, PerSecond: rate})
	if errors.Is(err, platform.ErrUnknownQueue) {
		return to, note{Failed: true, Key: "queues.unknown", Args: []any{name}}, nil
	}
	return to, note{Key: "queues.redriven", Args: []any{name, done.Jobs, done.Left}}, err
}

// discard says that a dead job is not to be done. A refusal says itself what to do instead.
func (c *Console) discard(r *http.Request) (to string, said note, err error) {
	to = "/queues"
	job, named := idOf[id.Job](r.PathValue("id"))
	org, of := idOf[id.Org](r.FormValue("org"))
	if !named || !of {
		return to, note{Failed: true, Key: "queues.nojob"}, nil
	}
	err = c.Jobs.Discard(r.Context(), org, job, "console", r.FormValue("reason"))
	if refused := (*fail.Error)(nil); errors.As(err, &refused) {
		return to, note{Failed: true, Refused: refused}, nil
	}
	return to, note{Key: "queues.discarded", Args: []any{job}}, err
}

func idOf[T ~[16]byte](text string) (v T, ok bool) {
	v, err := id.Parse[T](text)
	return v, err == nil
}

// positive is 0 for what is no whole number above it.
func positive(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0
	}
	return n
}
