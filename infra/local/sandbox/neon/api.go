package main

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// api answers as Neon's console does, for one project.
type api struct {
	server    server
	key       string
	passwords map[string]string // by role

	mu       sync.Mutex
	branches map[string]*branch // by id
	damage   string             // of the next copy
	busy     int                // so many answers 423 come first
}

type branch struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	State   string    `json:"current_state"`
	Created time.Time `json:"created_at"`
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	const project = "/projects/{project}"
	mux.Handle("GET "+project, a.known(a.show))
	mux.Handle("GET "+project+"/branches", a.known(a.list))
	mux.Handle("POST "+project+"/branches", a.known(a.create))
	mux.Handle("GET "+project+"/branches/{id}", a.known(a.one))
	mux.Handle("DELETE "+project+"/branches/{id}", a.known(a.remove))
	mux.Handle("GET "+project+"/connection_uri", a.known(a.address))
	mux.HandleFunc("POST /_dev/next", a.next)
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

// show has no history: only the present can be copied here.
func (a *api) show(w http.ResponseWriter, r *http.Request) {
	process.WriteJSON(w, http.StatusOK, map[string]any{"project": map[string]any{"id": r.PathValue("project"), "name": "sandbox", "history_retention_seconds": 0}})
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	found := []*branch{}
	for _, b := range a.branches {
		if strings.Contains(b.Name, r.FormValue("search")) {
			found = append(found, b)
		}
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"branches": found})
}

func (a *api) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Branch struct {
			Name string `json:"name"`
			At   string `json:"parent_timestamp"`
		} `json:"branch"`
		Endpoints []any `json:"endpoints"`
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
	case in.Branch.At != "":
		refuse(w, http.StatusBadRequest, "parent_timestamp is outside the restore window, which is empty here")
		return
	case a.branches[id] != nil:
		refuse(w, http.StatusConflict, "branch already exists")
		return
	}
	if err := a.server.clone(r.Context(), id, a.damage); err != nil {
		slog.Error("copy the database", "error", err)
		refuse(w, http.StatusInternalServerError, "the copy could not be made; the sandbox's log says why")
		return
	}
	a.damage = ""
	made := &branch{ID: id, Name: in.Branch.Name, State: "init", Created: time.Now().UTC()}
	a.branches[id] = made
	process.WriteJSON(w, http.StatusCreated, map[string]any{"branch": made, "operations": []any{}})
	made.State = "ready"
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

func (a *api) address(w http.ResponseWriter, r *http.Request) {
	id, role := r.FormValue("branch_id"), r.FormValue("role_name")
	password, known := a.passwords[role]
	if a.branches[id] == nil || !known {
		refuse(w, http.StatusNotFound, "no such branch or role")
		return
	}
	process.WriteJSON(w, http.StatusOK, map[string]string{"uri": a.server.url(role, password, id)})
}

// next says what the next copy lacks, and how often the project is busy first.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Damage string `json:"damage"`
		Busy   int    `json:"busy"`
	}
	err := process.ReadJSON(r, &in)
	if _, known := damages[in.Damage]; err != nil || !known {
		refuse(w, http.StatusBadRequest, "say damage as one of the names in clone.go, and busy as a number")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.damage, a.busy = in.Damage, in.Busy
	w.WriteHeader(http.StatusNoContent)
}
