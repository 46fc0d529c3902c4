package memberapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/auth"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

// What people type, planted in every field of every route.
var canaries = []string{"039337423", "0527654321", "+972527654321", "canary.person@example.com", "קנרית־סודית", "4580458045804580"}

// ownerOf signs everybody in as one owner.
type ownerOf struct{ user, org string }

func (o ownerOf) Verify(context.Context, string) (auth.Session, error) {
	zero := 0
	return auth.Session{UserID: o.user, SessionID: "sess_1", Org: &auth.Org{ID: o.org, Role: "org:admin"},
		Factors: auth.FactorAges{First: &zero, Second: &zero}}, nil
}

// lines collects a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// Nothing that a person typed is ever in a log line: not on success, not when it is refused, and not when the database
// fails in the middle of it, in plain text, URL-encoded, as base64 or escaped for JSON. (It redirects the log of the
// whole process, so it runs apart from the parallel tests.)
func TestNoPersonalDataInLogs(t *testing.T) {
	e := apitest.New(t, endpoints(t))
	log := &lines{}
	obs.Redirect(log)
	defer obs.Redirect(os.Stdout)
	db, err := postgres.Open(postgres.Config{URL: e.AppURL, MaxConns: 4, ExecMode: pgx.QueryExecModeCacheDescribe, LogQueries: obs.Log, Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	member := id.New[id.Member]().String()
	e.Exec(t, "insert into members (org_id, id, name, search_key) values ($1, $2, 'x', 'x')", e.A.Org, member)
	statuses := map[int]int{}
	round := func(canaries []string) {
		for _, ep := range endpoints(t)(db) {
			call := api.Lambda(ep.Op.Name, ep.Op.Timeout, api.Handler(ep, api.Deps{Verifier: ownerOf{"user_owner" + e.A.Org.String()[:8], e.A.ClerkOrg}, DB: db, HashKey: indexKey}))
			for _, c := range canaries {
				for _, b := range planted(c) {
					statuses[invoke(t, call, ep.Op, member, b, c)]++
				}
			}
		}
	}
	round(canaries)
	for _, table := range []string{"member_events", "member_secrets", "members"} { // each failure at another depth
		e.Exec(t, "alter table "+table+" rename to away")
		round(canaries[2:4])
		e.Exec(t, "alter table away rename to "+table)
	}
	e.Exec(t, "alter table members add constraint surprise check (name = latin_name) not valid")
	round(canaries[2:4])
	if statuses[200] == 0 || statuses[201] == 0 || statuses[422] == 0 || statuses[500] == 0 {
		t.Fatalf("the test does not reach what it is about: %v", statuses)
	}
	if !strings.Contains(log.String(), "api-member-create") || !strings.Contains(log.String(), `"msg":"query"`) {
		t.Fatal("the log is not the one that is looked at")
	}
	for _, c := range canaries {
		for form, text := range forms(t, c) {
			if at := strings.Index(log.String(), text); at >= 0 {
				t.Errorf("%s is in the log (%s): %s", c, form, log.String()[max(0, at-200):at+40])
			}
		}
	}
}

// planted is bodies with the canary in every field, and in one at a time beside fields that are right.
func planted(c string) []body {
	all := body{}
	out := []body{}
	for _, field := range []string{"name", "latin_name", "phone", "email", "birth_date", "language", "text", "status", "number", "kind", "country", "reason", c} {
		all[field] = c
		out = append(out, body{"version": 1, field: c}, body{"name": "x", field: c}, body{"number": "123456782", field: c}, body{field: c})
	}
	return append(out, all, body{})
}

func invoke(t *testing.T, call interface {
	Invoke(context.Context, []byte) ([]byte, error)
}, op api.Op, member string, b body, canary string) int {
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.Replace(op.Path, "{id}", member, 1)
	ev := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: op.Method + " " + op.Path, RawPath: path, Body: string(text),
		Headers: map[string]string{"authorization": "Bearer " + canary, "content-type": "application/json", "idempotency-key": id.New[id.Event]().String(),
			"user-agent": canary}}
	if len(b) == 0 { // then in the address
		ev.RawQueryString = url.Values{"cursor": {canary}, canary: {canary}}.Encode()
	}
	ev.RequestContext.HTTP.Method, ev.RequestContext.HTTP.Path = op.Method, path
	payload, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := call.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var out events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out.StatusCode
}

func forms(t *testing.T, c string) map[string]string {
	escaped, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"plain": c, "URL": url.QueryEscape(c), "path": url.PathEscape(c), "base64": base64.StdEncoding.EncodeToString([]byte(c)),
		"base64 URL": base64.RawURLEncoding.EncodeToString([]byte(c)), "JSON": strings.Trim(string(escaped), `"`), "JSON in ASCII": strings.Trim(strconv.QuoteToASCII(c), `"`)}
}
