package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"fitkit/infra/local/seed"
	"fitkit/infra/migrate"
)

const members = 4 // of each studio

// studio is an organisation with people of every role, made through the front door, and a session of each.
type studio struct {
	*seed.Record
	tokens map[string]string // by role
}

// twoStudios seeds both. Their members have the same names, telephones and e-mail addresses: a studio that found another's
// would not notice by them.
func twoStudios(ctx context.Context, dir string) (first, second *studio, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { first, err = newStudio(ctx, dir, "צפון", "north"); return err })
	group.Go(func() (err error) { second, err = newStudio(ctx, dir, "דרום", "south"); return err })
	return first, second, group.Wait()
}

func newStudio(ctx context.Context, dir, name, slug string) (*studio, error) {
	clerk := seed.Clerk{URL: running.Addresses.Clerk}
	people, err := clerk.CreateStudio(ctx, "סטודיו "+name, slug)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, slug+".json")
	raw, err := json.Marshal(seed.Record{Studio: people})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, err
	}
	t := running.Secrets.Cardcom
	record, err := seed.Run(ctx, seed.Options{
		API: running.Addresses.API, Clerk: running.Addresses.Clerk, Cardcom: running.Addresses.Cardcom, Functions: running.Host.Functions(), Size: members,
		Terminal: seed.Terminal{Number: t.Number, Name: t.APIName, APIPassword: t.APIPassword}, File: file, Progress: func(string) {},
	})
	if err != nil {
		return nil, err
	}
	s := &studio{Record: record, tokens: map[string]string{}}
	return s, s.signIn(ctx, clerk)
}

func (s *studio) signIn(ctx context.Context, clerk seed.Clerk) (err error) {
	for role, user := range s.Studio.Users {
		if s.tokens[role], err = clerk.Token(ctx, user, s.Studio.Organization); err != nil {
			return err
		}
	}
	if len(s.Members) == 0 {
		return errors.New("the studio has no members")
	}
	if s.MemberUser, err = clerk.CreateUser(ctx, "מתאמנת", "member@"+s.Studio.Slug+".example"); err != nil {
		return err
	}
	if err := running.SignInMember(ctx, s.Org, s.Members[0], s.MemberUser); err != nil {
		return err
	}
	if s.tokens["member"], err = clerk.Token(ctx, s.MemberUser, ""); err != nil {
		return err
	}
	return s.signInAdmin(ctx, clerk)
}

// signInAdmin makes one of FitKit's own people, who has no studio: the caller of the admin endpoints.
func (s *studio) signInAdmin(ctx context.Context, clerk seed.Clerk) error {
	user, err := clerk.CreateUser(ctx, "מנהלת מערכת", "admin@"+s.Studio.Slug+".example")
	if err != nil {
		return err
	}
	address, err := databaseURL()
	if err != nil {
		return err
	}
	if err := migrate.Appoint(ctx, address, user, "Admin"); err != nil {
		return err
	}
	s.tokens[platformAdmin], err = clerk.Token(ctx, user, "")
	return err
}

func databaseURL() (string, error) {
	return migrate.WithUser(running.Stores.AdminURL, "", "", "fitkit")
}

// database is a connection as the superuser, past row-level security.
func database(t testing.TB) *pgx.Conn {
	t.Helper()
	address, err := databaseURL()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// newMinute forgets how often studios asked for what is limited.
func newMinute() error {
	address, err := databaseURL()
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(context.Background(), "delete from request_windows")
	return errors.Join(err, conn.Close(context.Background()))
}

// read gives the values of a query of one column.
func read[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// tablesWith lists the tables that have all of the columns.
func tablesWith(t testing.TB, conn *pgx.Conn, columns ...string) []string {
	t.Helper()
	return read[string](t, conn, `
select table_name::text from information_schema.columns where table_schema = 'public' and column_name = any ($1)
group by table_name having count(*) = cardinality($1) order by 1`, columns)
}

// ids are a studio's row ids by table.
func (s *studio) ids(t testing.TB, conn *pgx.Conn) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range tablesWith(t, conn, "org_id", "id") {
		if found := read[string](t, conn, fmt.Sprintf("select id::text from %s where org_id = $1 order by id", table), s.Org); len(found) > 0 {
			out[table] = found
		}
	}
	return out
}

// keptOfRequests are the tables that say what was asked, which is no effect.
var keptOfRequests = []string{"idempotency_keys", "request_windows"}

// digest is different when anything of the studio's is.
func (s *studio) digest(t testing.TB, conn *pgx.Conn) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range append(tablesWith(t, conn, "org_id"), "orgs") {
		column := "org_id"
		if table == "orgs" {
			column = "id"
		}
		sql := fmt.Sprintf("select coalesce(md5(string_agg(x::text, '|' order by x::text)), '') from %s x where %s = $1", table, column)
		out[table] = read[string](t, conn, sql, s.Org)[0]
	}
	return out
}

// unchanged reports the tables, but for some, in which two digests differ.
func unchanged(t testing.TB, before, after map[string]string, but ...string) {
	t.Helper()
	for table, was := range before {
		if after[table] != was && !slices.Contains(but, table) {
			t.Errorf("%s has changed", table)
		}
	}
}

var settling sync.Mutex

// settle waits until no message is under way.
func settle(t testing.TB) {
	t.Helper()
	settling.Lock()
	defer settling.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	for {
		idle, err := running.Poller.Idle(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if idle {
			return
		}
	}
}

// tableOf guesses which table an id belongs to from the field's name, or for a plain id from the path in front of it.
func tableOf(field, path string) string {
	name := strings.TrimSuffix(field, "_id")
	switch {
	case field == "id":
		parts := strings.Split(path, "/")
		name = parts[slices.Index(parts, "{id}")-1]
	case name == "payer":
		name = "members"
	case name != "staff":
		name += "s"
	}
	return strings.ReplaceAll(name, "-", "_")
}
