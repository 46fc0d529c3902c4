package orgjob_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/org"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/run"
)

// A stored event becomes a studio through the job as SQS drives it; its message may come twice.
func TestTheJobAppliesAStoredEvent(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	app, err := run.New(orgjob.ApplyClerkEventOp, func(name string) string {
		return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": db.SystemURL}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	call := job.Lambda(app, orgjob.ApplyClerkEvent(org.NewClerk(db.System)))
	e := org.Event{Type: "organization.created", OrgID: "org_1", OrgName: "צפון", At: time.Now(), UpdatedAt: time.Now()}
	if err := org.NewClerk(db.System).Receive(t.Context(), "msg_1", e); err != nil {
		t.Fatal(err)
	}
	message, err := id.Parse[id.Job](postgrestest.Get[string](t, db, "select id::text from jobs"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(queue.Envelope{Version: queue.Version, Job: message, Queue: string(org.ApplyClerkEvent)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		out, err := call(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(body)}}})
		if err != nil || len(out.BatchItemFailures) > 0 {
			t.Fatalf("%+v %v", out, err)
		}
	}
	if state := postgrestest.Get[string](t, db, "select state from jobs"); state != "done" {
		t.Fatalf("the job is %s", state)
	}
	if n := postgrestest.Get[int](t, db, "select count(*)::int from orgs where name = 'צפון' and exists (select from inbox where applied_at is not null)"); n != 1 {
		t.Fatal("the studio is not there")
	}
}
