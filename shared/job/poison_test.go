package job_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/platform"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

var poisonOp = job.Op{Name: "job-org-apply-clerk-event", Needs: []need.Need{need.Postgres}, BatchSize: 10}

// canary is what no reason and no log line may hold.
const canary = "314159265"

type work struct {
	Do string `json:"do"`
}

// sqs delivers batches as SQS does: what a batch gives back comes again, and after five receives it is a dead letter.
type sqs struct {
	waiting, dead []events.SQSMessage
	receives      map[string]int
}

func (q *sqs) drain(t *testing.T, call func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)) {
	t.Helper()
	for len(q.waiting) > 0 {
		batch := q.waiting
		q.waiting = nil
		for i := range batch {
			q.receives[batch[i].MessageId]++
			batch[i].Attributes = map[string]string{"ApproximateReceiveCount": strconv.Itoa(q.receives[batch[i].MessageId]),
				"SentTimestamp": strconv.FormatInt(time.Now().Add(-time.Minute).UnixMilli(), 10)}
		}
		out, err := call(t.Context(), events.SQSEvent{Records: batch})
		if err != nil {
			t.Fatal(err)
		}
		for _, back := range out.BatchItemFailures {
			m := batch[slices.IndexFunc(batch, func(m events.SQSMessage) bool { return m.MessageId == back.ItemIdentifier })]
			if q.receives[m.MessageId] == 5 {
				q.dead = append(q.dead, m)
			} else {
				q.waiting = append(q.waiting, m)
			}
		}
	}
}

// TestPoisonedMessagesEndInTheDeadLettersAlone puts every kind of bad message into one batch with good ones. Then the code is
// repaired and what died is given another try, twice.
func TestPoisonedMessagesEndInTheDeadLettersAlone(t *testing.T) {
	var log bytes.Buffer
	obs.Redirect(&log)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	db := postgrestest.New(t)
	org := id.New[id.Org]()
	db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", org)
	app, err := run.New(poisonOp, func(name string) string { return map[string]string{"STAGE": "test", "DATABASE_URL": db.AppURL}[name] })
	if err != nil {
		t.Fatal(err)
	}
	repaired, effects := false, 0
	call := job.Lambda(app, job.New(poisonOp, func(ctx context.Context, c tenancy.Caller, m work) error {
		switch {
		case repaired || m.Do == "good":
		case m.Do == "panic":
			panic("of " + canary)
		case m.Do == "fail":
			return errors.New("the provider is down")
		default: // what no code knows is written down, as far as PostgreSQL can hold it
			return errors.Join(errors.New("an unknown type of work"), db.DB.InOrg(ctx, c, func(tx postgres.Tx) error {
				_, err := tx.Exec(ctx, "select set_config('app.unknown', $1, true)", m.Do)
				return err
			}))
		}
		effects++
		return nil
	}))
	q := &sqs{receives: map[string]int{}}
	add := func(message, body string) {
		q.waiting = append(q.waiting, events.SQSMessage{MessageId: message, Body: body})
	}
	envelope := func(do string, change func(*queue.Envelope)) string {
		e := queue.Envelope{Version: queue.Version, Job: id.New[id.Job](), Org: org, Queue: string(poisonOp.Queue()), Payload: json.RawMessage(`{"do":"` + do + `"}`)}
		db.Exec(t, "insert into jobs (id, org_id, queue, dedupe_key, payload) values ($1, $2, $3, $4, $5)", e.Job, org, e.Queue, e.Job.String(), string(e.Payload))
		change(&e)
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	same := func(*queue.Envelope) {}
	add("good 1", envelope("good", same))
	add("no JSON", `{"v":1,"national_id":"`+canary)
	add("another version", envelope("good", func(e *queue.Envelope) { e.Version = 99 }))
	add("no tenant", envelope("good", func(e *queue.Envelope) { e.Org = id.Org{} }))
	// Somebody moves a dead letter to a wrong queue: its work, which this job knows nothing of, is not to end as done.
	add("of another queue", envelope("good", func(e *queue.Envelope) { e.Queue = "membership-renew" }))
	add("an unknown type", envelope("dance "+canary, same))
	add("256 kB", envelope(strings.Repeat(canary+" ", 25_000), same))
	// The row says what is to be done, and holds no NUL; a message only says that there is something.
	add("NUL", envelope("good", func(e *queue.Envelope) { e.Payload = json.RawMessage(`{"do":"\u0000` + canary + `"}`) }))
	add("panics", envelope("panic", same))
	add("always fails", envelope("fail", same))
	add("good 2", envelope("good", same))
	q.drain(t, call)

	var dead []string
	for _, m := range q.dead {
		dead = append(dead, m.MessageId)
	}
	if want := []string{"no JSON", "another version", "no tenant", "of another queue", "an unknown type", "256 kB", "panics", "always fails"}; !slices.Equal(dead, want) {
		t.Errorf("dead letters are %q, want %q", dead, want)
	}
	for _, good := range []string{"good 1", "NUL", "good 2"} {
		if q.receives[good] != 1 {
			t.Errorf("%s was received %d times", good, q.receives[good])
		}
	}
	if got := postgrestest.Get[string](t, db, "select string_agg(state || ' ' || last_error, ', ' order by state, payload::text) from jobs where state <> 'ready'"); got != "dead internal, dead internal, dead internal, dead internal, done , done , done " {
		t.Errorf("the rows say %q", got)
	}
	if !strings.Contains(log.String(), `"waited_ms":600`) { // a minute and a little
		t.Errorf("no event says how long its message waited:\n%s", log.String())
	}
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log holds what a message or a panic did:\n%s", log.String())
	}

	repaired, effects = true, 0
	for _, want := range []int64{4, 0} {
		done, err := platform.NewOverview(db.System).Redrive(t.Context(), platform.Redrive{Queue: poisonOp.Queue(), Max: 10, PerSecond: 100})
		if err != nil || done.Jobs != want {
			t.Fatalf("brought back %+v, %v; want %d", done, err, want)
		}
		for _, m := range q.dead[len(q.dead)-4:] { // the relay's new messages name the same rows
			add("again "+m.MessageId+strconv.FormatInt(want, 10), m.Body)
		}
		q.drain(t, call)
	}
	if effects != 4 || len(q.dead) != 8 {
		t.Errorf("%d effects of four repaired jobs that were redriven twice; %d dead letters", effects, len(q.dead))
	}
}
