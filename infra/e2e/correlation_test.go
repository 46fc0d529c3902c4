package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/seed"
)

// noticeWithin is long after any notice has come and any job has run.
const noticeWithin = time.Minute

// TestOneIDLeadsThroughAllTheWorkOfARequest follows two requests: one whose job calls the provider, and one that opens a page
// at the provider, whose notice comes by the webhook and is read by a job. It has been seen red with a field in the runbook's query that no event has.
func TestOneIDLeadsThroughAllTheWorkOfARequest(t *testing.T) {
	for name, tc := range map[string]struct {
		operation string
		body      map[string]any
		then      func(t *testing.T, got answer)
		want      []string
	}{
		"a charge is collected by a job": {
			operation: "api-billing-create-charge",
			body:      map[string]any{"member_id": a.Members[1], "kind": "one_off", "amount_agorot": 1234, "description": "trace"},
			then:      func(*testing.T, answer) {},
			want:      []string{"api-billing-create-charge", "job-billing-execute-charge"},
		},
		"a card is typed at the provider, which posts a notice": {
			operation: "api-billing-create-card-session",
			body:      map[string]any{"member_id": a.Members[1]},
			then: func(t *testing.T, got answer) {
				if err := seed.SaveCard(t.Context(), got.text("url"), seed.CardApproves, seed.MemberAt(1).NationalID); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"api-billing-create-card-session", "hook-billing-cardcom", "job-billing-process-inbox-event"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := "trace-" + rand.Text()
			op := operations(t)[slices.IndexFunc(operations(t), func(op *operation) bool { return op.ID == tc.operation })]
			got := request{op: op, body: tc.body}.as(a, "owner").with("X-Correlation-Id", id).send(t)
			if got.status >= 300 || got.header.Get("X-Correlation-Id") != id {
				t.Fatalf("answered %d under %q: %s", got.status, got.header.Get("X-Correlation-Id"), got.body)
			}
			tc.then(t, got)
			ctx, cancel := context.WithTimeout(t.Context(), noticeWithin)
			defer cancel()
			if err := written.await(ctx, func() bool { return slices.Equal(wrote(id), tc.want) }); err != nil {
				t.Errorf("%v wrote of the request, want %v\n%s", wrote(id), tc.want, written.about(id))
			}
			for _, name := range asked(t) {
				if !strings.Contains(written.about(id), `"`+name+`":`) {
					t.Errorf("no event of the request has the field %s, which the runbook's query asks for", name)
				}
			}
		})
	}
}

var (
	query = regexp.MustCompile(`(?s)'fields @timestamp, ([^|]*?)\s*\| filter ([a-z_]+) = `)
	// ofFailures are fields that only an event of a failure has.
	ofFailures = []string{"code", "error"}
)

// asked are the fields by which infra/runbooks/api-errors.md has a request followed through AWS's log.
func asked(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "infra", "runbooks", "api-errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := query.FindStringSubmatch(string(text))
	if found == nil {
		t.Fatal("the runbook has no query")
	}
	return slices.DeleteFunc(append(strings.Split(found[1], ", "), found[2]), func(name string) bool { return slices.Contains(ofFailures, name) })
}

// wrote are the functions whose events carry the correlation id.
func wrote(id string) []string {
	var functions []string
	for _, line := range written.copy() {
		var event struct {
			Correlation string `json:"correlation_id"`
		}
		if json.Unmarshal([]byte(line.Line), &event) == nil && event.Correlation == id && !slices.Contains(functions, line.Function) {
			functions = append(functions, line.Function)
		}
	}
	slices.Sort(functions)
	return functions
}
