package isolation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/id"
)

// Codes of PostgreSQL's refusals.
const (
	refused      = "42501" // no privilege, or a row that violates row-level security
	noReference  = "23503"
	notSupported = "0A000" // COPY FROM a table with row-level security
)

// prober tries, on one connection of the app role, what a studio must not do to another.
type prober struct {
	t     testing.TB
	w     *world
	conn  *pgx.Conn
	enter string // the statement that each transaction begins with; empty: none
	found []string
	// noCopyIn leaves COPY FROM out: PgBouncer 1.24 waits for ever for an end of one that was refused. No function copies.
	noCopyIn bool
}

// attempt runs try in a transaction of its own, which is taken back, and answers the code of its refusal, "" for none.
func (p *prober) attempt(try func() error) string {
	p.t.Helper()
	run(p.t, p.conn, "begin")
	defer run(p.t, p.conn, "rollback")
	if p.enter != "" {
		run(p.t, p.conn, p.enter)
	}
	err := try()
	var pg *pgconn.PgError
	if err != nil && !errors.As(err, &pg) {
		p.t.Fatal(err)
	}
	if pg == nil {
		return ""
	}
	return pg.Code
}

// rows is how many rows a statement touched; a refusal is none.
func (p *prober) rows(sql string, args ...any) (n int64) {
	p.t.Helper()
	p.attempt(func() error {
		tag, err := p.conn.Exec(context.Background(), sql, args...)
		n = tag.RowsAffected()
		return err
	})
	return n
}

func (p *prober) blame(format string, args ...any) {
	p.found = append(p.found, fmt.Sprintf(format, args...))
}

// touches tries to reach rows of other than mine in every way that names no key: select, update, delete, copy. Without
// a studio mine is empty, and no row may be reached at all.
func (p *prober) touches(tb table, mine string) {
	others := fmt.Sprintf("from %s where %s is distinct from nullif('%s', '')::uuid", tb.quoted(), tb.org(), mine)
	set := fmt.Sprintf("update %s set %[2]s = %[2]s", tb.quoted(), tb.Columns[len(tb.Columns)-1].Name)
	for what, sql := range map[string]string{
		"select sees":     "select 1 " + others,
		"delete takes":    "delete " + others,
		"update changes":  set + strings.TrimPrefix(others, "from "+tb.quoted()),
		"select locks":    "select 1 " + others + " for update",
		"a subquery sees": "select 1 from (select 1 " + others + ") x",
	} {
		if n := p.rows(sql); n != 0 {
			p.blame("%s: %s %d rows of another studio", tb.Name, what, n)
		}
	}
	most := int64(0)
	if mine != "" {
		most = 1
	}
	if n := p.rows(set); n > most {
		p.blame("%s: an update of everything changes %d rows", tb.Name, n)
	}
	var out bytes.Buffer
	p.attempt(func() error {
		_, err := p.conn.PgConn().CopyTo(context.Background(), &out, "copy "+tb.quoted()+" to stdout")
		return err
	})
	if n := int64(bytes.Count(out.Bytes(), []byte("\n"))); n > most {
		p.blame("%s: copy reads %d rows", tb.Name, n)
	}
}

// plants tries to write rows that belong to another studio: plainly, with keys that it has already (whose violation would
// tell of them), by upsert, by copy, and by moving an own row.
func (p *prober) plants(tb table, from, to studio) {
	fresh := p.w.row(p.t, tb, to)
	for what, try := range map[string]func() error{
		"insert":                    func() error { return insert(context.Background(), p.conn, tb, fresh, "") },
		"insert of an existing key": func() error { return insert(context.Background(), p.conn, tb, to.rows[tb.Name], "") },
		"insert on conflict nothing": func() error {
			return insert(context.Background(), p.conn, tb, to.rows[tb.Name], "on conflict do nothing")
		},
		"upsert":                      func() error { return insert(context.Background(), p.conn, tb, to.rows[tb.Name], p.onConflict(tb)) },
		"a move of its own row there": func() error { return p.move(tb, from.id, to.id) },
	} {
		if code := p.attempt(try); code != refused {
			p.blame("%s: %s is answered %q, want %s", tb.Name, what, code, refused)
		}
	}
	if p.noCopyIn {
		return
	}
	code := p.attempt(func() error {
		_, err := p.conn.PgConn().CopyFrom(context.Background(), strings.NewReader(""), "copy "+tb.quoted()+" from stdin")
		return err
	})
	if code != refused && code != notSupported {
		p.blame("%s: copy from a file is answered %q", tb.Name, code)
	}
}

func (p *prober) onConflict(tb table) string {
	at := slices.IndexFunc(tb.Unique, func(k key) bool { return k.Primary })
	return fmt.Sprintf("on conflict (%s) do update set %[2]s = excluded.%[2]s", strings.Join(tb.Unique[at].Columns, ", "), tb.org())
}

func (p *prober) move(tb table, from, to string) error {
	_, err := p.conn.Exec(context.Background(), fmt.Sprintf("update %s set %[2]s = $2 where %[2]s = $1", tb.quoted(), tb.org()), from, to)
	return err
}

// refers tries to hang an own row on another studio's: it fails as a reference to nothing does.
func (p *prober) refers(tb table, from, to studio) {
	for _, f := range tb.Foreign {
		for what, target := range map[string]row{"another studio's row": to.rows[f.Table], "a row that nobody has": nil} {
			r := p.w.lonely(p.t, tb, from)
			swapped := false
			for i, c := range f.Columns {
				if c == tb.org() {
					continue
				}
				swapped = true
				r[c] = target[f.RefColumns[i]]
				if target == nil {
					at := slices.IndexFunc(tb.Columns, func(x column) bool { return x.Name == c })
					r[c] = p.w.value(p.t, tb, tb.Columns[at])
				}
			}
			if !swapped || !p.mayInsert(tb) {
				continue
			}
			code := p.attempt(func() error { return insert(context.Background(), p.conn, tb, r, "") })
			if code != noReference {
				p.blame("%s: a reference (%s) to %s is answered %q, want %s", tb.Name, f.Name, what, code, noReference)
			}
		}
	}
}

func (p *prober) mayInsert(tb table) (may bool) {
	p.t.Helper()
	if err := p.conn.QueryRow(context.Background(), "select has_table_privilege($1::regclass, 'insert')", tb.quoted()).Scan(&may); err != nil {
		p.t.Fatal(err)
	}
	return may
}

// entering is the statement by which jobs enter a studio.
func entering(org string) string { return "select app.enter_org('" + org + "', 'test')" }

// breaches is what studio a, as role app, can see or do of studio b.
func breaches(t testing.TB, w *world) []string {
	t.Helper()
	p := &prober{t: t, w: w, conn: connect(t, w.AppURL), enter: entering(w.a.id)}
	for _, tb := range w.tables {
		p.touches(tb, w.a.id)
		p.plants(tb, w.a, w.b)
		p.refers(tb, w.a, w.b)
		if n := p.rows("select 1 from " + tb.quoted()); n != 1 {
			p.blame("%s: the studio sees %d rows, and has 1 of its own", tb.Name, n)
		}
	}
	return p.found
}

func TestAStudioReachesNoRowOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, breach := range breaches(t, w) {
		t.Error(breach)
	}
}

func TestWithoutAStudioNoRowIsReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := func(value string) string { return fmt.Sprintf("select set_config('app.org_id', '%s', true)", value) }
	for name, enter := range map[string]string{
		"nothing was entered":            "",
		"the id is empty":                set(""),
		"the id is blank":                set(" "),
		"the id is of nobody":            set(id.New[id.Org]().String()),
		"the id is a word":               set("everybody"),
		"the id is cut":                  set(w.a.id[:35]),
		"the id has a statement behind":  set(w.a.id + "''; select 1"),
		"the id stands in another place": fmt.Sprintf("select set_config('App.Org', '%s', true)", w.a.id),
	} {
		t.Run(name, func(t *testing.T) {
			p := &prober{t: t, w: w, conn: connect(t, w.AppURL), enter: enter}
			for _, tb := range w.tables {
				p.touches(tb, "")
			}
			for _, breach := range p.found {
				t.Error(breach)
			}
		})
	}
	// A uuid has no case: another spelling is the same studio, and opens no other.
	t.Run("the id in capitals is the same studio and no other", func(t *testing.T) {
		p := &prober{t: t, w: w, conn: connect(t, w.AppURL), enter: set(strings.ToUpper(w.a.id))}
		for _, tb := range w.tables {
			p.touches(tb, w.a.id)
		}
		for _, breach := range p.found {
			t.Error(breach)
		}
	})
}

// TestPlantedBreachesAreFound opens the fixture's database in each way that the sweep must notice.
func TestPlantedBreachesAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct{ plant, heal, says string }{
		"row-level security is off": {"alter table members disable row level security", "alter table members enable row level security", "members: select sees"},
		"a policy lets all be read": {"create policy wide on charges for select to fitkit_app using (true)", "drop policy wide on charges", "charges: copy reads"},
		"a policy lets all be written": {"create policy wide on plans to fitkit_app using (org_id = app.org()) with check (true)", "drop policy wide on plans",
			"plans: insert of an existing key is answered"},
		"a reference leaves the studio out": {
			"alter table members add constraint loose unique (id); alter table payment_methods drop constraint payment_methods_org_id_member_id_fkey; alter table payment_methods add constraint stray foreign key (member_id) references members (id)",
			"alter table payment_methods drop constraint stray; alter table members drop constraint loose; alter table payment_methods add foreign key (org_id, member_id) references members (org_id, id)",
			"payment_methods: a reference"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, w.admin, tc.plant)
			w.tables = refresh(t, w)
			defer func() {
				run(t, w.admin, tc.heal)
				w.tables = refresh(t, w)
			}()
			if found := breaches(t, w); !strings.Contains(strings.Join(found, "\n"), tc.says) {
				t.Errorf("%q is not among the breaches found: %q", tc.says, found)
			}
		})
	}
}

// refresh reads the tables again, in the order there was.
func refresh(t testing.TB, w *world) []table {
	now := map[string]table{}
	for _, tb := range readTables(t, w.admin) {
		now[tb.Name] = tb
	}
	out := slices.Clone(w.tables)
	for i, tb := range out {
		out[i] = now[tb.Name]
	}
	return out
}

func TestTheAppRoleCannotTakeAnotherRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &prober{t: t, w: w, conn: connect(t, w.AppURL)}
	for _, sql := range slices.Sorted(maps.Keys(map[string]bool{
		"set role " + gate: true, "set role " + system: true, "set session authorization " + system: true,
		"alter table members disable row level security": true,
		"create policy wide on members using (true)":     true, "select app.uuidv7() from pg_catalog.pg_authid": true,
	})) {
		code := p.attempt(func() error {
			_, err := p.conn.Exec(context.Background(), sql)
			return err
		})
		if code != refused {
			t.Errorf("%s is answered %q, want %s", sql, code, refused)
		}
	}
}
