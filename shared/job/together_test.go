package job_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/run"
)

// TestMessagesOfAnOrganisationAreWorkedOnTogether: a batch of two studios' messages is two calls at the same time, and what fails
// comes back alone. It was seen red with one call for all, with one call after the other (it never ended), and with a panic that
// was everybody's.
func TestMessagesOfAnOrganisationAreWorkedOnTogether(t *testing.T) {
	db := postgrestest.New(t)
	op := job.Op{Name: "job-org-apply-clerk-event", Needs: []need.Need{need.Postgres}, BatchSize: 10}
	app, err := run.New(op, func(name string) string { return map[string]string{"STAGE": "test", "DATABASE_URL": db.AppURL}[name] })
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup // no call ends before all have begun
	both.Add(2)
	var mu sync.Mutex
	calls := map[string][]string{} // by organisation
	call := job.Lambda(app, job.NewTogether(op, func(all []*queue.Work[work]) {
		both.Done()
		both.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, w := range all {
			if w.Caller.Org != all[0].Caller.Org {
				t.Error("two organisations in one call")
			}
			calls[w.Caller.Org.String()] = append(calls[w.Caller.Org.String()], w.Message.Do)
			if w.Message.Do == "fail" {
				w.Err = errors.New("the provider is down")
			}
		}
		if slices.Contains(calls[all[0].Caller.Org.String()], "panic") {
			panic("planted")
		}
	}))
	var batch []events.SQSMessage
	studios := []id.Org{id.New[id.Org](), id.New[id.Org]()}
	for i, org := range studios {
		db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, 'סטודיו', $2)", org, []string{"a", "b"}[i])
	}
	add := func(message string, org id.Org, do string) {
		e := queue.Envelope{Version: queue.Version, Job: id.New[id.Job](), Org: org, Queue: string(op.Queue()), Payload: json.RawMessage(do)}
		db.Exec(t, "insert into jobs (id, org_id, queue, dedupe_key, payload) values ($1, $2, $3, $4, $5)", e.Job, org, e.Queue, e.Job.String(), string(e.Payload))
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, events.SQSMessage{MessageId: message, Body: string(body)})
	}
	add("a1", studios[0], `{"do":"good"}`)
	add("b1", studios[1], `{"do":"good"}`)
	add("a2", studios[0], `{"do":"fail"}`)
	add("b2", studios[1], `{"do":"panic"}`)
	add("a3", studios[0], `{"do":5}`)
	add("a4", studios[0], `{"do":"good"}`)
	batch = append(batch, events.SQSMessage{MessageId: "no JSON", Body: "{"})

	out, err := call(t.Context(), events.SQSEvent{Records: batch})
	if err != nil {
		t.Fatal(err)
	}
	var back []string
	for _, f := range out.BatchItemFailures {
		back = append(back, f.ItemIdentifier)
	}
	if want := []string{"b1", "a2", "b2", "a3", "no JSON"}; !slices.Equal(back, want) {
		t.Errorf("%q came back, want %q", back, want)
	}
	if got := calls[studios[0].String()]; !slices.Equal(got, []string{"good", "fail", "good"}) {
		t.Errorf("the first studio's call had %q", got)
	}
	if got := postgrestest.Get[string](t, db, "select string_agg(state || ' ' || last_error, ', ' order by id) from jobs"); got != "done , ready internal, ready internal, ready internal, dead job.payload, done " {
		t.Errorf("the rows say %q", got)
	}
}
