package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/sandbox/internal/process"
)

// kept is a copy of the database as it was at an instant. It is found again by its name, so a restart forgets none.
type kept struct {
	at       time.Time
	database string
}

// keep copies the database now, for branches of later to start from.
func (a *api) keep(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, err := a.server.keep(r.Context(), a.now)
	if err != nil {
		slog.Error("keep a copy", "error", err)
		refuse(w, http.StatusInternalServerError, "the copy could not be kept; the sandbox's log says why")
		return
	}
	process.WriteJSON(w, http.StatusCreated, map[string]any{"at": k.at})
}

// forget drops every copy that was kept: only the present can be copied again.
func (a *api) forget(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.server.forget(r.Context()); err != nil {
		slog.Error("forget the copies", "error", err)
		refuse(w, http.StatusInternalServerError, "the copies could not be dropped; the sandbox's log says why")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// instant is the newest copy that is not after at. Outside the window, which goes from the oldest copy to now, there is none.
func instant(history []kept, at, now time.Time) (k kept, ok bool) {
	for _, k = range history {
		if !k.at.After(at) && !at.After(now) {
			return k, true
		}
	}
	return kept{}, false
}

func (s server) prefix() string { return "kept-" + s.database + "-" }

// keep names the copy by the instant at which it was whole, so that it has nothing later.
func (s server) keep(ctx context.Context, now func() time.Time) (kept, error) {
	making := "keeping-" + s.database
	if err := s.drop(ctx, making); err != nil {
		return kept{}, err
	}
	if err := s.copy(ctx, making); err != nil {
		return kept{}, err
	}
	k := kept{at: now().UTC().Truncate(time.Millisecond)}
	k.database = s.prefix() + strconv.FormatInt(k.at.UnixMilli(), 10)
	return k, s.exec(ctx, s.adminURL, fmt.Sprintf("alter database %s rename to %s", pgx.Identifier{making}.Sanitize(), pgx.Identifier{k.database}.Sanitize()))
}

// history is what is kept, the newest first.
func (s server) history(ctx context.Context) (history []kept, err error) {
	conn, err := pgx.Connect(ctx, s.adminURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "select datname::text from pg_database where starts_with(datname, $1) order by 1 desc", s.prefix())
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		ms, err := strconv.ParseInt(strings.TrimPrefix(name, s.prefix()), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the database %s has a name that only copies have: %w", name, err)
		}
		history = append(history, kept{at: time.UnixMilli(ms).UTC(), database: name})
	}
	return history, err
}

func (s server) forget(ctx context.Context) error {
	history, err := s.history(ctx)
	if err != nil {
		return err
	}
	for _, k := range history {
		if err := s.drop(ctx, k.database); err != nil {
			return err
		}
	}
	return nil
}
