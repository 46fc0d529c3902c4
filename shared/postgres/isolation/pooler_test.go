package isolation

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/proc"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

// pooler is a PgBouncer before w's database, as Neon's is before production's: in transaction mode, with one backend for
// everybody, so that studios follow each other on it.
type pooler struct {
	url   string
	modes map[string]pgx.QueryExecMode // that the functions send statements in, and this PgBouncer can carry
}

// nobody is Debian's user that owns nothing; PgBouncer refuses to be root.
const nobody = 65534

func newPooler(t *testing.T, w *world) *pooler {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "./pgbouncer.sh").CombinedOutput()
	path := strings.TrimSpace(string(said))
	if err != nil {
		t.Skip(path)
	}
	p := &pooler{modes: map[string]pgx.QueryExecMode{"exec": pgx.QueryExecModeExec, "cache_describe": pgx.QueryExecModeCacheDescribe}}
	server, err := pgx.ParseConfig(w.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	address := free(t)
	lines := []string{"[databases]",
		fmt.Sprintf("studios = host=%s port=%d dbname=%s user=%s password=%s", server.Host, server.Port, server.Database, server.User, server.Password),
		"[pgbouncer]", "listen_addr = 127.0.0.1", fmt.Sprintf("listen_port = %d", address.Port), "unix_socket_dir =", "auth_type = any",
		"pool_mode = transaction", "default_pool_size = 1", "max_client_conn = 50"}
	if namesStatements(t, path) {
		lines = append(lines, "max_prepared_statements = 200")
		p.modes["cache_statement"] = pgx.QueryExecModeCacheStatement
	}
	o := proc.Options{Name: "PgBouncer", Path: path, Args: []string{settings(t, lines)}, Stdout: io.Discard}
	if os.Geteuid() == 0 {
		o.User = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	child, err := proc.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Stop(); err != nil {
			t.Error(err)
		}
	})
	p.url = "postgres://anybody@" + address.String() + "/studios?sslmode=disable"
	p.await(t)
	return p
}

// namesStatements says whether this PgBouncer keeps named statements apart, as Neon's does; since 1.21 it can.
func namesStatements(t *testing.T, path string) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	var major, minor int
	if _, scanned := fmt.Sscanf(string(out), "PgBouncer %d.%d", &major, &minor); err != nil || scanned != nil {
		t.Fatalf("PgBouncer's version is %q: %v", out, err)
	}
	return major > 1 || minor >= 21
}

// settings writes the file where PgBouncer can read it, whoever it runs as.
func settings(t *testing.T, lines []string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "pgbouncer.ini")
	for _, err := range []error{os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// free is an address that nobody listens at.
func free(t *testing.T) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr)
}

// await returns once PgBouncer answers.
func (p *pooler) await(t *testing.T) {
	t.Helper()
	over := time.After(30 * time.Second)
	for {
		conn, err := pgx.Connect(t.Context(), p.url)
		if err == nil {
			_ = conn.Close(t.Context())
			return
		}
		select {
		case <-over:
			t.Fatalf("PgBouncer does not answer: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// client is a connection to PgBouncer, of somebody who is in no studio until they enter one.
func (p *pooler) client(t *testing.T, mode pgx.QueryExecMode) *pgx.Conn {
	t.Helper()
	c, err := pgx.ParseConfig(p.url)
	if err != nil {
		t.Fatal(err)
	}
	c.DefaultQueryExecMode = mode
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// look is what somebody who entered no studio finds on the backend: members, and whose studio is set.
func look(t *testing.T, stranger *pgx.Conn) (backend uint32, members int, studio string) {
	t.Helper()
	const sql = "select pg_backend_pid(), count(*)::int, coalesce(current_setting('app.org_id', true), '') from members"
	err := stranger.QueryRow(t.Context(), sql).Scan(&backend, &members, &studio)
	if err != nil {
		t.Fatal(err)
	}
	return backend, members, studio
}

// TestTwoStudiosAlternateThroughAPooler (S1): two functions, each with a studio of its own, share one backend behind PgBouncer,
// among failed, cancelled and panicking requests. None sees the other's rows, and after each whoever enters nothing finds nothing.
//
// The last part plants the fault: a studio that is set for the session is found by whoever comes next.
func TestTwoStudiosAlternateThroughAPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPooler(t, w)
	for name, mode := range p.modes {
		t.Run(name, func(t *testing.T) {
			a, b, stranger := p.open(t, mode), p.open(t, mode), p.client(t, mode)
			backends := map[uint32]int{}
			turns := figure(300, 5_000)
			for i := range turns {
				db, s := a, w.a
				if i%2 == 1 {
					db, s = b, w.b
				}
				visit(t, db, s.id, i)
				backend, members, left := look(t, stranger)
				if backends[backend]++; members != 0 || left != "" {
					t.Fatalf("after request %d of %s a stranger sees %d members, and studio %q is set", i, s.id, members, left)
				}
			}
			if len(backends) > turns/4 { // PgBouncer ends a backend whose client left in the middle of a transaction
				t.Errorf("%d requests were served by %d backends: they hardly shared any", turns, len(backends))
			}
		})
	}
	t.Run("a studio that stays set is noticed", func(t *testing.T) {
		run(t, w.admin, strings.ReplaceAll(postgrestest.Get[string](t, w.Database, "select pg_get_functiondef('app.enter_org'::regproc)"), ", true)", ", false)"))
		visit(t, p.open(t, pgx.QueryExecModeExec), w.a.id, 0)
		if _, members, left := look(t, p.client(t, pgx.QueryExecModeExec)); members != 1 || left != w.a.id {
			t.Errorf("a stranger sees %d members, and studio %q is set", members, left)
		}
	})
}

func (p *pooler) open(t *testing.T, mode pgx.QueryExecMode) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(postgres.Config{URL: p.url, MaxConns: 1, ExecMode: mode, Application: "behind a pooler"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// TestNoStudioReachesAnotherThroughAPooler runs what TestAStudioReachesNoRowOfAnother runs, of two studios and of somebody in
// none, in turns on one backend. Red with a policy that lets all members be read.
func TestNoStudioReachesAnotherThroughAPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPooler(t, w)
	a := &prober{t: t, w: w, conn: p.client(t, pgx.QueryExecModeExec), enter: entering(w.a.id), noCopyIn: true}
	b := &prober{t: t, w: w, conn: p.client(t, pgx.QueryExecModeExec), enter: entering(w.b.id), noCopyIn: true}
	stranger := &prober{t: t, w: w, conn: p.client(t, pgx.QueryExecModeExec)}
	for _, tb := range w.tables {
		a.touches(tb, w.a.id)
		b.touches(tb, w.b.id)
		stranger.touches(tb, "")
		a.plants(tb, w.a, w.b)
		b.plants(tb, w.b, w.a)
		for _, s := range []*prober{a, b} {
			if n := s.rows("select 1 from " + tb.quoted()); n != 1 {
				s.blame("%s: the studio sees %d rows, and has 1 of its own", tb.Name, n)
			}
		}
	}
	for _, breach := range append(append(a.found, b.found...), stranger.found...) {
		t.Error(breach)
	}
}
