package api_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/auth/authtest"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

const (
	warmWorkers = 4
	warmConns   = 2 // as a function has
)

// warm is one process that two studios use: its endpoints, its verifier, its pool and its log.
type warm struct {
	calls map[string]lambda.Handler
	db    *postgres.DB
	log   *warmLog
	a, b  *warmStudio
}

// warmLog collects the lines of several goroutines.
type warmLog struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *warmLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// TestTwoStudiosAlternateThroughOneProcess (S3): requests of two studios follow each other and overlap in one process, among
// them refused, failed, cancelled and panicking ones. No answer, header or log line of one has a word or an id of the other,
// and the connections keep nothing. It redirects the log of the whole process, so it runs apart from the parallel tests.
//
// It was seen red with the session remembered by its signing key, with a signature remembered without its token, with the
// caller who entered first kept beside the pool's connection, with app.org_id set for the session instead of the transaction,
// and with the organisation of the first event in every line of the log.
func TestTwoStudiosAlternateThroughOneProcess(t *testing.T) {
	w := newWarm(t)
	turns := 600
	if os.Getenv("NIGHTLY") == "1" {
		turns = 10_000
	}
	for i := range turns / 2 {
		if err := w.turn(t.Context(), 0, i, i/2); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var group errgroup.Group
	for worker := range warmWorkers {
		chance := rand.New(rand.NewPCG(seed, uint64(worker)))
		group.Go(func() error {
			for i := range turns / 2 / warmWorkers {
				if err := w.turn(t.Context(), worker, turns+i, chance.IntN(len(warmRequests))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	w.wantCleanLog(t, turns/2+turns/2/warmWorkers*warmWorkers)
	w.wantCleanConnections(t, warmConns)
}

func newWarm(t *testing.T) *warm {
	t.Helper()
	d, log := postgrestest.New(t), &warmLog{}
	obs.Redirect(log)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	db, err := postgres.Open(postgres.Config{URL: d.AppURL, MaxConns: warmConns, ExecMode: pgx.QueryExecModeCacheStatement, LogQueries: obs.Log, Application: "warm"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	key, err := authtest.TestKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.StaticKey(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.NewVerifier(auth.Policy{Issuer: issuer, AuthorizedParties: []string{page}}, keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	index, err := seal.NewBlindIndex(secret.Secret(strings.Repeat("b2", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w := &warm{calls: map[string]lambda.Handler{}, db: db, log: log,
		a: newWarmStudio(t, d, key, "a", "aardvarkium", warmWorkers), b: newWarmStudio(t, d, key, "b", "zebrafishium", warmWorkers)}
	members := member.NewStore(db)
	for _, e := range []api.Endpoint{memberapi.Get(members), memberapi.Search(member.NewFinder(db, index)), memberapi.Update(members),
		billingapi.ListCharges(billing.NewStore(db)), troubled(db)} {
		w.calls[e.Op.Name] = api.Lambda(e.Op.Name, e.Op.Timeout, api.Handler(e, api.Deps{Verifier: verifier, DB: db}))
	}
	return w
}

type troubleInput struct {
	Kind string `path:"kind"`
	Body struct{}
}

type cancelKey struct{}

var troubleOp = api.Op{Name: "api-room-trouble", Method: api.POST, Path: "/v1/trouble/{kind}", Roles: tenancy.Staff}

// troubled reads what the studio has, and then ends in the middle of its transaction.
func troubled(db *postgres.DB) api.Endpoint {
	return api.New(troubleOp, func(ctx context.Context, c api.Caller, in *troubleInput) (*struct{}, error) {
		return nil, db.InOrg(ctx, c, func(tx postgres.Tx) error {
			var seen string
			if err := tx.QueryRow(ctx, "select string_agg(name || email, ' ') from members").Scan(&seen); err != nil {
				return err
			}
			switch in.Kind {
			case "panic":
				panic(seen)
			case "cancelled":
				ctx.Value(cancelKey{}).(context.CancelFunc)()
			case "too-slow":
				slow, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
				defer cancel()
				_, err := tx.Exec(slow, "select pg_sleep(60)")
				return err
			}
			_, err := tx.Exec(ctx, "select $1::text::int", seen)
			return err
		})
	})
}

// warmRequest is one that s makes, and what must come of it.
type warmRequest struct {
	op, method, path, body, token, header string
	status                                int
	own                                   bool // the answer has words of its own studio
}

// warmRequests are made by worker i of s, who knows of other.
var warmRequests = []func(s, other *warmStudio, i int) warmRequest{
	func(s, _ *warmStudio, i int) warmRequest { return getMember(s.owner, s.members[i], 200) },
	func(s, _ *warmStudio, _ int) warmRequest { return getMember(s.owner, sharedMember, 200) },
	func(s, _ *warmStudio, _ int) warmRequest { return getMember(s.both, sharedMember, 200) },
	func(s, o *warmStudio, i int) warmRequest { return getMember(s.owner, o.members[i], 404) },
	func(s, o *warmStudio, i int) warmRequest { return getMember(s.both, o.members[i], 404) },
	func(s, o *warmStudio, i int) warmRequest { return getMember(s.forged(o), o.members[i], 401) },
	func(s, o *warmStudio, i int) warmRequest {
		r := getMember(s.owner, o.members[i], 404)
		r.header = o.org
		return r
	},
	func(s, _ *warmStudio, i int) warmRequest {
		return patchMember(s, s.members[i], fmt.Sprintf(`{"version":%d,"name":"%s %s %d"}`, s.versions[i], s.word, inBoth, s.versions[i]), 200)
	},
	func(s, o *warmStudio, i int) warmRequest {
		return patchMember(s, o.members[i], `{"version":1,"name":"`+o.word+`"}`, 404)
	},
	func(s, o *warmStudio, i int) warmRequest {
		return patchMember(s, s.members[i], `{"version":1,"language":"`+o.word+`","email":7}`, 422)
	},
	func(s, _ *warmStudio, _ int) warmRequest { return search(s, inBoth, true) },
	func(s, o *warmStudio, _ int) warmRequest { return search(s, o.word, false) },
	func(s, _ *warmStudio, _ int) warmRequest { return listCharges(s, "", 200) },
	func(s, _ *warmStudio, _ int) warmRequest { return listCharges(s, sharedMember, 200) },
	func(s, o *warmStudio, i int) warmRequest { return listCharges(s, o.members[i], 404) },
	func(s, _ *warmStudio, _ int) warmRequest { return trouble(s, "panic", 500) },
	func(s, _ *warmStudio, _ int) warmRequest { return trouble(s, "failing", 500) },
	func(s, _ *warmStudio, _ int) warmRequest { return trouble(s, "cancelled", 503) },
	func(s, _ *warmStudio, _ int) warmRequest { return trouble(s, "too-slow", 503) },
}

func getMember(token, member string, status int) warmRequest {
	return warmRequest{op: "api-member-get", method: "GET", path: "/v1/members/" + member, token: token, status: status, own: status == 200}
}

func patchMember(s *warmStudio, member, body string, status int) warmRequest {
	return warmRequest{op: "api-member-update", method: "PATCH", path: "/v1/members/" + member, body: body, token: s.owner, status: status, own: status == 200}
}

func search(s *warmStudio, text string, finds bool) warmRequest {
	return warmRequest{op: "api-member-search", method: "POST", path: "/v1/members/search", body: `{"text":"` + text + `"}`, token: s.owner, status: 200, own: finds}
}

func listCharges(s *warmStudio, member string, status int) warmRequest {
	path := "/v1/charges"
	if member != "" {
		path += "?member_id=" + member
	}
	return warmRequest{op: "api-billing-list-charges", method: "GET", path: path, token: s.owner, status: status, own: status == 200}
}

func trouble(s *warmStudio, kind string, status int) warmRequest {
	return warmRequest{op: troubleOp.Name, method: "POST", path: "/v1/trouble/" + kind, body: "{}", token: s.owner, status: status}
}

// turn is the worker's ith request; the studios take turns, and their requests have the same Idempotency-Keys.
func (w *warm) turn(ctx context.Context, worker, i, kind int) error {
	s, other := w.a, w.b
	if i%2 == 1 {
		s, other = w.b, w.a
	}
	r := warmRequests[kind%len(warmRequests)](s, other, worker)
	requestID := fmt.Sprintf("%s-%d-%d", s.letter, worker, i)
	key := fmt.Sprintf("key-%d-%d", worker, i/2)
	got, err := w.send(ctx, r, requestID, key)
	if err != nil {
		return err
	}
	said := fmt.Sprint(got.Body, got.Headers, got.MultiValueHeaders, got.Cookies)
	what := fmt.Sprintf("%s: %s %s", requestID, r.method, r.path)
	if got.StatusCode != r.status {
		return fmt.Errorf("%s: %d, want %d: %s", what, got.StatusCode, r.status, said)
	}
	if found := other.marksIn(said); len(found) > 0 {
		return fmt.Errorf("%s has %q of the other studio: %s", what, found, said)
	}
	if own := strings.Contains(got.Body, s.word); own != r.own {
		return fmt.Errorf("%s has words of its own: %t, want %t: %s", what, own, r.own, said)
	}
	if r.method != "PATCH" || r.status != 200 {
		return nil
	}
	s.versions[worker]++
	again, err := w.send(ctx, r, requestID+"-again", key)
	if err == nil && (again.StatusCode != http.StatusOK || again.Body != got.Body) {
		err = fmt.Errorf("%s, sent again, is answered %d %s, and at first %s", what, again.StatusCode, again.Body, got.Body)
	}
	return err
}

func (w *warm) send(ctx context.Context, r warmRequest, requestID, key string) (got events.APIGatewayV2HTTPResponse, err error) {
	path, query, _ := strings.Cut(r.path, "?")
	ev := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: r.op, RawPath: path, RawQueryString: query, Body: r.body, Headers: map[string]string{
		"authorization": "Bearer " + r.token, "content-type": "application/json", "idempotency-key": key, "x-correlation-id": "of-" + requestID}}
	if r.header != "" {
		ev.Headers["fitkit-org"] = r.header
	}
	ev.RequestContext.HTTP.Method, ev.RequestContext.HTTP.Path = r.method, path
	payload, err := json.Marshal(ev)
	if err != nil {
		return got, err
	}
	ctx, cancel := context.WithCancel(lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: requestID}))
	defer cancel()
	raw, err := w.calls[r.op].Invoke(context.WithValue(ctx, cancelKey{}, cancel), payload)
	if err != nil {
		return got, err
	}
	return got, json.Unmarshal(raw, &got)
}

// wantCleanLog: an invocation's line has its own request's ids and nothing of the other studio; a statement's has nothing of either.
func (w *warm) wantCleanLog(t *testing.T, atLeast int) {
	t.Helper()
	invocations := 0
	for line := range strings.Lines(w.log.String()) {
		var fact struct {
			Request     string `json:"request_id"`
			Correlation string `json:"correlation_id"`
			Org         string
		}
		if err := json.Unmarshal([]byte(line), &fact); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		own, others := w.a, []*warmStudio{w.b}
		switch {
		case fact.Request == "":
			others = append(others, w.a)
		case strings.HasPrefix(fact.Request, w.b.letter):
			own, others = w.b, []*warmStudio{w.a}
		}
		for _, other := range others {
			if found := other.marksIn(line); len(found) > 0 {
				t.Errorf("a line of %q has %q: %s", fact.Request, found, line)
			}
		}
		if fact.Request != "" {
			invocations++
			if fact.Correlation != "of-"+fact.Request || fact.Org != "" && fact.Org != own.org {
				t.Errorf("a line of %q says whose it is in two ways: %s", fact.Request, line)
			}
		}
	}
	if invocations < atLeast {
		t.Errorf("%d lines of %d invocations", invocations, atLeast)
	}
}

// wantCleanConnections looks at n connections at once, each outside of a transaction.
func (w *warm) wantCleanConnections(t *testing.T, n int) {
	t.Helper()
	if n == 0 {
		return
	}
	org, err := id.Parse[id.Org](w.a.org)
	if err != nil {
		t.Fatal(err)
	}
	err = w.db.InOrg(t.Context(), tenancy.ForOrg(org, "test"), func(tx postgres.Tx) error {
		if _, err := tx.Exec(t.Context(), "commit"); err != nil {
			return err
		}
		var settings, members string
		if err := tx.QueryRow(t.Context(), `select concat(current_setting('app.org_id', true), current_setting('app.role', true), current_setting('app.actor', true),
			(select string_agg(name, ' ') from pg_settings where source = 'session')), (select coalesce(string_agg(name, ' '), '') from members)`).Scan(&settings, &members); err != nil {
			return err
		}
		if settings != "" || members != "" {
			t.Errorf("between two requests a connection has the settings %q and sees %q", settings, members)
		}
		w.wantCleanConnections(t, n-1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
