// Command neon plays the part of Neon that makes branches of a database: a branch is a real copy on the local server, made by
// pg_dump and pg_restore. POST /_dev/next makes the next copy lack something, so that the proof of the backups can be seen
// to notice.
//
// Its history is the copies that POST /_sandbox/copies keeps, each of the instant of the call: a branch of parent_timestamp starts
// from the newest that is not later. Until the first one only the present can be copied.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"os"

	"fitkit/infra/local/sandbox/internal/process"
)

func main() {
	ctx, stop := process.Context()
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("neon sandbox ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("neon", flag.ContinueOnError)
	addr := set.String("addr", "127.0.0.1:0", "address to listen on")
	set.String("state", "", "folder of what is kept; copies are kept by PostgreSQL alone")
	a := newAPI(server{}, "", map[string]string{})
	set.StringVar(&a.server.adminURL, "admin-url", "", "the PostgreSQL server, as its superuser")
	set.StringVar(&a.server.database, "database", "fitkit", "the database that is copied")
	set.StringVar(&a.key, "key", "neon_sandbox", "the API key")
	app, system := set.String("app-password", "", "fitkit_app's"), set.String("system-password", "", "fitkit_system's")
	if err := set.Parse(args); err != nil {
		return err
	}
	if a.server.adminURL == "" {
		return errors.New("-admin-url is required")
	}
	a.passwords["fitkit_app"], a.passwords["fitkit_system"] = *app, *system
	listener, url, err := process.Listen(*addr)
	if err != nil {
		return err
	}
	return process.Serve(ctx, os.Stdout, listener, url, a.routes())
}

// decode reads a request; members that this sandbox does not play are left out.
func decode(r *http.Request, v any) error {
	return json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(v)
}
