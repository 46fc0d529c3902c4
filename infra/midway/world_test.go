package midway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/id"
	"fitkit/shared/outbox"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/run"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// world is one flow's studio, its card provider, and all else that functions speak to.
type world struct {
	*billingtest.Studio
	t      *testing.T
	faults *postgrestest.Faults
	sqs    *sqs
	files  blob.Config
	env    map[string]string
}

// The people of the studio, and FitKit's own.
const (
	owner = "user_owner"
	coach = "user_coach"
	admin = "user_admin"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Studio: billingtest.NewStudio(t), t: t, sqs: newSQS(t)}
	w.Exec(t, "insert into staff (org_id, clerk_user_id, role) values ($1, $2, 'owner'), ($1, $3, 'coach')", w.Org, owner, coach)
	w.Exec(t, "insert into platform_admins (clerk_user_id, name) values ($1, 'Admin')", admin)
	files := blobtest.General(t)
	w.files = files
	w.env = map[string]string{
		"STAGE": "test", "DATABASE_URL": w.AppURL, "SYSTEM_DATABASE_URL": w.SystemURL, "CRONS_ENABLED": "true",
		"QUEUE_URL_PREFIX": w.sqs.URL + "/q/", "SQS_ENDPOINT_URL": w.sqs.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
		"CLERK_ISSUER": "https://clerk.example", "CLERK_AUTHORIZED_PARTIES": "https://app.example",
		"CLERK_WEBHOOK_SECRET": hookSecret, "ALLOWED_ORIGINS": "https://app.example",
		"NEXT_PUBLIC_APP_URL": "https://app.example", "PUBLIC_API_URL": "https://api.example", "REALTIME_URL": "wss://ws.example", "CARDCOM_API_URL": "http://127.0.0.1:1",
		"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": billingtest.Key, "NATIONAL_ID_ENCRYPTION_KEY": rotationtest.Old.Reveal(),
		"NATIONAL_ID_INDEX_KEY": rotationtest.Index.Reveal(),
		"S3_ENDPOINT_URL":       files.Endpoint, "R2_ACCESS_KEY_ID": files.Keys.AccessKeyID, "R2_SECRET_ACCESS_KEY": files.Keys.SecretAccessKey, "R2_BUCKET_NAME": files.Bucket,
		"TEST_HOOKS_ENABLED": "true", "TEST_SEED_SECRET": seedSecret,
	}
	return w
}

// app is a function, started with the world's settings.
func (w *world) app(op run.Declared) *run.App {
	w.t.Helper()
	app, err := run.New(op, func(name string) string { return w.env[name] })
	if err != nil {
		w.t.Fatal(err)
	}
	return app
}

// db is the function's database, whose commits send their jobs where the function may send any.
func (w *world) db(app *run.App) *postgres.DB {
	db := postgres.From(app)
	if sends(app) {
		db = outbox.Postgres(app)
	}
	w.t.Cleanup(db.Close)
	return db
}

// system is the same of the system role.
func (w *world) system(app *run.App) *postgres.SystemDB {
	db := postgres.SystemFrom(app)
	if sends(app) {
		db = outbox.System(app)
	}
	w.t.Cleanup(db.Close)
	return db
}

func sends(app *run.App) bool {
	for _, n := range app.Spec.Needs {
		if n.Kind == "send" {
			return true
		}
	}
	return false
}

func (w *world) collector(app *run.App) *billing.Collector {
	return billing.NewCollector(w.db(app), w.Provider, rotationtest.Ring(w.t, secret.Secret(billingtest.Key)), 3*time.Second)
}

// rings have new keys beside those that the studio's values are sealed under.
func (w *world) rings() rotation.Rings {
	return rotation.Rings{seal.PaymentCredentials: rotationtest.Ring(w.t, rotationtest.New, secret.Secret(billingtest.Key)),
		seal.NationalIDs: rotationtest.Ring(w.t, rotationtest.New, rotationtest.Old)}
}

// person is the owner, as stores know a caller.
func (w *world) person() tenancy.Caller {
	return tenancy.Caller{UserID: owner, ClerkOrg: "org_" + w.Org.String(), ClerkRole: "admin", Allowed: tenancy.People}
}

// begin has the k-th statement fail, and forgets what was changed and sent before.
func (w *world) begin(t *testing.T, k int) {
	t.Helper()
	w.Exec(t, "delete from request_windows")
	w.faults.Forget(t)
	w.sqs.forget()
	w.faults.At(t, k)
}

// end lets all statements pass again and says how many there were.
func (w *world) end(t *testing.T) int {
	t.Helper()
	n := w.faults.Passed(t)
	w.faults.At(t, 0)
	return n
}

// effect is what was committed and sent since begin. A message may be sent twice, so a job that was sent counts once.
func (w *world) effect(t *testing.T) string {
	t.Helper()
	changes := w.faults.Changes(t)
	if n := len(w.sqs.sent()); n > 0 {
		changes += fmt.Sprintf("; %d jobs sent", n)
	}
	return changes
}

// later is when every lease has run out that a worker may have left.
func (w *world) later(t *testing.T) {
	t.Helper()
	w.Exec(t, "update jobs set lease_until = now() - interval '1 second' where lease_until is not null")
}

// reaches fails the test when something went out that no row leads to: a message, a charge, a page.
func (w *world) reaches(t *testing.T) {
	t.Helper()
	for job := range w.sqs.sent() {
		if !postgrestest.Get[bool](t, w.Database, "select exists (select from jobs where id = $1)", job) {
			t.Fatalf("job %s was sent, and has no row", job)
		}
	}
	for key := range w.Provider.Booked {
		if !postgrestest.Get[bool](t, w.Database, "select exists (select from payment_attempts where provider_key = $1 and state <> 'claimed')", key) {
			t.Fatalf("the provider captured %s, and no attempt has that key", key)
		}
	}
	for page := range w.Provider.Notify {
		if !postgrestest.Get[bool](t, w.Database, "select exists (select from card_sessions where right(id::text, 12) = right($1, 12))", page) {
			t.Fatalf("the provider opened page %s for no session", page)
		}
	}
}

// page opens a hosted page, on which the member then saves a card.
func (w *world) page(m id.Member) (session id.CardSession, ref string) {
	w.t.Helper()
	cs, err := w.Collector.OpenCardSession(w.t.Context(), w.Caller, m, billing.Pages{AppURL: "https://app.example", APIURL: "https://api.example"})
	if err != nil {
		w.t.Fatal(err)
	}
	ref = postgrestest.Get[string](w.t, w.Database, "select provider_ref from card_sessions where id = $1", cs.ID)
	w.Provider.Pages[ref] = payment.Outcome{State: payment.Saved, Card: &payment.SavedCard{Token: "saved", ExpMonth: 6, ExpYear: 2031, Last4: "4321"}}
	return cs.ID, ref
}

// sqs takes every message, as Amazon's does.
type sqs struct {
	*httptest.Server
	mu   sync.Mutex
	jobs map[id.Job]bool
}

func newSQS(t *testing.T) *sqs {
	t.Helper()
	q := &sqs{jobs: map[id.Job]bool{}}
	q.Server = httptest.NewServer(http.HandlerFunc(q.take))
	t.Cleanup(q.Close)
	return q
}

func (q *sqs) take(rw http.ResponseWriter, r *http.Request) {
	var in struct {
		Entries []struct {
			ID          string `json:"Id"`
			MessageBody string
		}
	}
	type taken struct {
		ID string `json:"Id"`
	}
	var out struct{ Successful []taken }
	err := json.NewDecoder(r.Body).Decode(&in)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range in.Entries {
		var m queue.Envelope
		if err == nil {
			err = json.Unmarshal([]byte(e.MessageBody), &m)
		}
		q.jobs[m.Job] = true
		out.Successful = append(out.Successful, taken{e.ID})
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(rw).Encode(out)
}

func (q *sqs) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.jobs)
}

func (q *sqs) sent() map[id.Job]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	sent := map[id.Job]bool{}
	for job := range q.jobs {
		sent[job] = true
	}
	return sent
}
