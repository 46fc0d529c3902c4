package stores

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/proc"
)

const (
	postgresName   = "PostgreSQL"
	postgresFolder = "postgres"
	superuser      = "postgres"
)

// postgres runs the server itself and not through pg0, whose start turns fsync off and
// allows 100 connections only.
func (r *runner) postgres(ctx context.Context, s *Stores) error {
	pg, err := r.postgresInstallation(ctx)
	if err != nil {
		return err
	}
	home, err := r.openHome()
	if err != nil {
		return err
	}
	if err := r.initialise(ctx, pg, home); err != nil {
		return err
	}
	if err := home.endPrevious(ctx); err != nil {
		return err
	}
	port, err := r.launch(ctx, s, definition{
		name: postgresName, file: "postgres",
		options: func(port int) proc.Options { return pg.serve(home, port, r.fast) },
		ping:    func(ctx context.Context, port int) error { return pingPostgres(ctx, home.adminURL(port)) },
	})
	if err != nil {
		return err
	}
	s.AdminURL, s.SocketDir = home.adminURL(port), home.socket
	return nil
}

// serve is the server's command line. Hundreds of function processes connect at once.
func (pg installation) serve(h home, port int, fast bool) proc.Options {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": h.socket,
		"max_connections":         "300",
		"shared_buffers":          "256MB",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"fsync":                   "on",
	}
	if fast {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	o := pg.program(h, "postgres", "-D", h.data())
	for name, value := range settings {
		o.Args = append(o.Args, "-c", name+"="+value)
	}
	o.StopSignal = syscall.SIGINT   // "fast": ends open transactions, writes a checkpoint
	o.ParentDeath = syscall.SIGQUIT // "immediate": takes its own processes along; the next start recovers
	o.Grace = 30 * time.Second
	return o
}

func (h home) adminURL(port int) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, h.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func pingPostgres(ctx context.Context, adminURL string) error {
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.Ping(ctx)
}

// program is one of PostgreSQL's programs run as the user that owns the data.
func (pg installation) program(h home, name string, args ...string) proc.Options {
	return proc.Options{
		Name: name,
		Path: filepath.Join(pg.bin, name),
		Args: args,
		Dir:  h.path,
		User: h.owner,
		// The libraries that come with the server are found only when named here.
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + h.path, "LD_LIBRARY_PATH=" + pg.lib},
	}
}
