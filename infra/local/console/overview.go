package console

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// worry is something that is wrong right now, with the page that tells more.
type worry struct {
	Key  string
	Args []any
	Link string
}

type partView struct {
	Part
	Address string
	Answers bool
}

// recent is how long an error counts as one of right now.
const recent = 10 * time.Minute

// overview says first what is wrong. What cannot be read is itself something wrong, so the page always comes.
func (c *Console) overview(r *http.Request) (view, error) {
	rows, parts := c.rows(), c.parts()
	worries := append(worriesOfParts(parts), worriesOfFunctions(rows)...)
	queues, err := c.queueRows(r.Context())
	if err != nil {
		worries = append(worries, worry{"wrong.queues", []any{err.Error()}, "/queues"})
	}
	worries = append(worries, worriesOfQueues(queues)...)
	schedules, err := c.scheduleRows(r.Context())
	if err != nil {
		worries = append(worries, worry{"wrong.schedules", []any{err.Error()}, "/schedules"})
	}
	for _, s := range schedules {
		if s.Stuck() {
			worries = append(worries, worry{"wrong.stuck", []any{s.Name}, "/schedules"})
		}
	}
	processes := 0
	for _, row := range rows {
		processes += row.Processes
	}
	return view{"overview", "nav.", struct {
		Worries                                         []worry
		Parts                                           []partView
		API                                             string
		Functions, Processes, Routes, Queues, Schedules int
		Clerk, Cardcom                                  string
	}{worries, parts, c.API, len(rows), processes, len(c.Template.Routes), len(queues), len(c.Template.Schedules), c.Clerk.URL, c.Cardcom.URL}}, nil
}

func worriesOfParts(parts []partView) (list []worry) {
	for _, p := range parts {
		if !p.Answers {
			list = append(list, worry{"wrong.part", []any{p.Name, p.Address}, ""})
		}
	}
	return list
}

func worriesOfFunctions(rows []functionRow) (list []worry) {
	for _, f := range rows {
		switch {
		case f.Broken != "":
			list = append(list, worry{"wrong.build", []any{f.Name}, "/functions/" + f.Name})
		case time.Since(f.LastError) < recent:
			list = append(list, worry{"wrong.errors", []any{f.Name, f.Errors}, "/functions/" + f.Name})
		}
	}
	return list
}

func worriesOfQueues(rows []queueRow) (list []worry) {
	for _, q := range rows {
		link := "/queues?queue=" + string(q.Name())
		if n := q.QueueJobs.Dead; n > 0 {
			list = append(list, worry{"wrong.dead", []any{q.Name(), n}, link})
		}
		if q.Late() {
			list = append(list, worry{"wrong.late", []any{q.Name()}, link})
		}
	}
	return list
}

// knock is how long a part may take to answer at its port.
const knock = 500 * time.Millisecond

func (c *Console) parts() []partView {
	views := make([]partView, len(c.Parts))
	var asked sync.WaitGroup
	for i, p := range c.Parts {
		views[i] = partView{Part: p, Address: p.URL}
		u, err := url.Parse(p.URL)
		if err != nil {
			continue
		}
		views[i].Address = u.Scheme + "://" + u.Host // without a name and a password
		asked.Go(func() { views[i].Answers = answers(u) })
	}
	asked.Wait()
	return views
}

// usualPorts are those that an address may leave out.
var usualPorts = map[string]int{"https": 443, "http": 80, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}

func answers(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = strconv.Itoa(usualPorts[u.Scheme])
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(u.Hostname(), port), knock)
	if err != nil {
		return false
	}
	_ = conn.Close() // it answered
	return true
}
