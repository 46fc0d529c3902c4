package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/catalog"
)

// lookedAt are the POSTs that only look, so that what is looked for stands in no address.
var lookedAt = []string{"api-member-search", "api-membership-preview-sale"}

// traced are the other POSTs without an Idempotency-Key, each with what it leaves and why a repeat doubles nothing.
var traced = map[string]string{
	"api-billing-close-case":        "a case is closed once",
	"api-billing-settle-attempt":    "an attempt is settled once",
	"api-member-reveal-national-id": "the studio's trail, where each look is a line",
	"api-org-complete-upload":       "an upload is ready once",
	"api-platform-discard-job":      "a dead job is discarded once",
	"api-platform-redrive-jobs":     "a job is brought back once",
	"api-platform-rotate-keys":      "one rotation at a time",
	"api-realtime-create-ticket":    "a ticket, and another the next time",
}

// TestWhatReadsChangesNothing (S7): every GET, asked by every role, leaves the rows of both studios and of no studio as they were, and so do
// the POSTs that only look. A POST that takes no key and is in neither list is unknown. It was seen red with a GET and with a search
// that touched the rows they read, and with a preview that was left out of both lists.
func TestWhatReadsChangesNothing(t *testing.T) {
	conn := database(t)
	settle(t)
	ours, theirs, nobodys := a.digest(t, conn), b.digest(t, conn), common(t, conn)
	answered := map[string]bool{}
	for what, got := range readAll(t) {
		answered[what] = got.ok()
	}
	m := makerFor(t, a)
	for _, op := range operations(t) {
		if op.Method == http.MethodGet && op.admins() {
			answered[op.ID+" as "+platformAdmin] = m.request(op).as(a, platformAdmin).send(t).ok()
		}
	}
	for _, e := range catalog.Endpoints() {
		id := e.Op.Name
		looks := slices.Contains(lookedAt, id)
		if e.Op.Read && e.Op.Method != http.MethodGet && looks == (traced[id] != "") {
			t.Errorf("%s takes no Idempotency-Key: say in one of the lists whether it only looks", id)
		}
		for _, role := range people() {
			if looks {
				answered[id+" as "+role] = m.request(operationNamed(t, id)).as(a, role).send(t).ok()
			}
		}
	}
	settle(t)
	unchanged(t, ours, a.digest(t, conn), keptOfRequests...)
	unchanged(t, theirs, b.digest(t, conn), keptOfRequests...)
	unchanged(t, nobodys, common(t, conn))
	for _, id := range append(slices.Clone(rightsAndMoney), lookedAt...) {
		if !answered[id+" as owner"] {
			t.Errorf("%s was refused, so that it shows nothing", id)
		}
	}
	if n := len(slices.DeleteFunc(slices.Collect(maps.Values(answered)), func(ok bool) bool { return !ok })); n < 60 {
		t.Errorf("only %d of %d reads were answered", n, len(answered))
	}
}

// common is a digest of the tables that belong to no studio.
func common(t testing.TB, conn *pgx.Conn) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range read[string](t, conn, `
select relname::text from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'orgs'
and not exists (select from pg_attribute where attrelid = c.oid and attname = 'org_id')`) {
		out[table] = read[string](t, conn, fmt.Sprintf("select coalesce(md5(string_agg(x::text, '|' order by x::text)), '') from %s x", table))[0]
	}
	return out
}
