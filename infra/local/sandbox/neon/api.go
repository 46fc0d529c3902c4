package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// api answers as Neon's console does, for one project.
type api struct {
	server    server
	key       string
	passwords map[string]string // by role; of a branch they count once they are reset, as those of roles that statements made
	now       func() time.Time

	mu         sync.Mutex
	production branch                // the default one
	branches   map[string]*branch    // its copies, by id
	operations map[string]*operation // by id
	damage     string                // of the next copy
	outcome    string                // of the start of the next copy's compute
	busy       int                   // so many answers 423 come first
}

type branch struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Parent  string    `json:"parent_id,omitempty"`
	At      string    `json:"parent_timestamp,omitempty"`
	Default bool      `json:"default"`
	State   string    `json:"current_state"`
	Created time.Time `json:"created_at"`

	reset map[string]bool // roles whose password this API has set
}

func newAPI(s server, key string, passwords map[string]string) *api {
	return &api{server: s, key: key, passwords: passwords, now: time.Now, branches: map[string]*branch{}, operations: map[string]*operation{},
		production: branch{ID: "br-production", Name: "production", Default: true, State: "ready", Created: time.Now().UTC()}}
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	const project = "/projects/{project}"
	mux.Handle("GET "+project, a.known(a.show))
	mux.Handle("GET "+project+"/branches", a.known(a.list))
	mux.Handle("POST "+project+"/branches", a.known(a.create))
	mux.Handle("GET "+project+"/branches/{id}", a.known(a.one))
	mux.Handle("DELETE "+project+"/branches/{id}", a.known(a.remove))
	mux.Handle("POST "+project+"/branches/{id}/roles/{role}/reset_password", a.known(a.reset))
	mux.Handle("GET "+project+"/connection_uri", a.known(a.address))
	mux.Handle("GET "+project+"/operations/{id}", a.known(a.look))
	mux.HandleFunc("POST /_dev/next", a.next)
	mux.HandleFunc("POST /_sandbox/copies", a.keep)
	mux.HandleFunc("DELETE /_sandbox/copies", a.forget)
	return mux
}

// known lets in who has the key, and keeps the first callers waiting when it was told to.
func (a *api) known(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch {
		case r.Header.Get("Authorization") != "Bearer "+a.key:
			refuse(w, http.StatusUnauthorized, "the key is not this sandbox's")
		case a.busy > 0 && r.Method != http.MethodGet:
			a.busy--
			refuse(w, http.StatusLocked, "project already has running operations")
		default:
			h(w, r)
		}
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	process.WriteJSON(w, status, map[string]string{"request_id": "sandbox", "code": "", "message": message})
}

// show has the history that was kept, of which there is none until somebody asks for it.
func (a *api) show(w http.ResponseWriter, r *http.Request) {
	history, err := a.server.history(r.Context())
	if err != nil {
		slog.Error("read the history", "error", err)
		refuse(w, http.StatusInternalServerError, "the history could not be read; the sandbox's log says why")
		return
	}
	window := time.Duration(0)
	if len(history) > 0 {
		window = a.now().Sub(history[len(history)-1].at)
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"project": map[string]any{"id": r.PathValue("project"), "name": "sandbox", "history_retention_seconds": int64(window / time.Second)}})
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	found := []*branch{}
	for _, b := range append(slices.Collect(maps.Values(a.branches)), &a.production) {
		if strings.Contains(b.Name, r.FormValue("search")) {
			found = append(found, b)
		}
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"branches": found})
}

func (a *api) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Branch struct {
			Name string    `json:"name"`
			At   time.Time `json:"parent_timestamp"`
		} `json:"branch"`
	}
	if err := decode(r, &in); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	id := "br-" + in.Branch.Name
	switch {
	case in.Branch.Name == "":
		refuse(w, http.StatusBadRequest, "this sandbox wants a name")
		return
	case a.branches[id] != nil || in.Branch.Name == a.production.Name:
		refuse(w, http.StatusConflict, "branch already exists")
		return
	}
	made := &branch{ID: id, Name: in.Branch.Name, Parent: a.production.ID, State: "init", Created: a.now().UTC(), reset: map[string]bool{}}
	from := kept{}
	if !in.Branch.At.IsZero() {
		history, err := a.server.history(r.Context())
		if err != nil {
			slog.Error("read the history", "error", err)
			refuse(w, http.StatusInternalServerError, "the history could not be read; the sandbox's log says why")
			return
		}
		var inside bool
		if from, inside = instant(history, in.Branch.At, a.now()); !inside {
			refuse(w, http.StatusBadRequest, "parent_timestamp is outside the restore window")
			return
		}
		made.At = in.Branch.At.UTC().Format(time.RFC3339)
	}
	if err := a.make(r.Context(), id, from); err != nil {
		slog.Error("copy the database", "error", errors.Join(err, a.server.drop(r.Context(), id)))
		refuse(w, http.StatusInternalServerError, "the copy could not be made; the sandbox's log says why")
		return
	}
	a.branches[id] = made
	process.WriteJSON(w, http.StatusCreated, map[string]any{"branch": made, "operations": a.begin(id, a.outcome)})
	made.State, a.damage, a.outcome = "ready", "", ""
}

// make makes a branch's database. Nobody can connect to it until its compute has started.
func (a *api) make(ctx context.Context, id string, from kept) error {
	if err := a.server.clone(ctx, id, from.database); err != nil {
		return err
	}
	if err := a.server.spoil(ctx, id, a.damage); err != nil {
		return err
	}
	return a.server.let(ctx, id, false)
}

func (a *api) one(w http.ResponseWriter, r *http.Request) {
	b := a.branches[r.PathValue("id")]
	if b == nil {
		refuse(w, http.StatusNotFound, "branch not found")
		return
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"branch": b})
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if a.branches[id] == nil {
		refuse(w, http.StatusNotFound, "branch not found")
		return
	}
	if err := a.server.drop(r.Context(), id); err != nil {
		slog.Error("drop a copy", "error", err)
		refuse(w, http.StatusInternalServerError, "the copy could not be dropped; the sandbox's log says why")
		return
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"branch": a.branches[id], "operations": []any{}})
	delete(a.branches, id)
}

// reset "gives" a role another password: all databases of this server have the same roles, so it stays what it is.
func (a *api) reset(w http.ResponseWriter, r *http.Request) {
	id, role := r.PathValue("id"), r.PathValue("role")
	if _, known := a.passwords[role]; a.branches[id] == nil || !known {
		refuse(w, http.StatusNotFound, "no such branch or role")
		return
	}
	a.branches[id].reset[role] = true
	process.WriteJSON(w, http.StatusOK, map[string]any{"operations": []any{}})
}

func (a *api) address(w http.ResponseWriter, r *http.Request) {
	id, role := r.FormValue("branch_id"), r.FormValue("role_name")
	password, known := a.passwords[role]
	if a.branches[id] == nil || !known {
		refuse(w, http.StatusNotFound, "no such branch or role")
		return
	}
	if !a.branches[id].reset[role] {
		role, password = role+"_unset", "this API does not know the password that a statement set"
	}
	process.WriteJSON(w, http.StatusOK, map[string]string{"uri": a.server.url(role, password, id)})
}

// next says what the next copy lacks, how its compute starts, and how often the project is busy first.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Damage  string `json:"damage"`
		Compute string `json:"compute"`
		Busy    int    `json:"busy"`
	}
	err := process.ReadJSON(r, &in)
	if damages[in.Damage] == "" && in.Damage != "" || outcomes[in.Compute] == nil || err != nil {
		refuse(w, http.StatusBadRequest, "say damage as one of the names in clone.go, compute as one of those in operations.go, and busy as a number")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.damage, a.outcome, a.busy = in.Damage, in.Compute, in.Busy
	w.WriteHeader(http.StatusNoContent)
}
