package main

import (
	"log/slog"
	"net/http"

	"fitkit/infra/local/sandbox/internal/process"
)

// operation is a step on the way to a branch. Each look at it is one status further.
type operation struct {
	ID       string `json:"id"`
	Action   string `json:"action"`
	Status   string `json:"status"`
	Failures int    `json:"failures_count"`

	branch string
	next   []string
}

// outcomes are how a compute's start can go, by the name that asks for it; one that failed is tried again.
var outcomes = map[string][]string{
	"":          {"running", "finished"},
	"failed":    {"running", "failed", "running", "finished"},
	"error":     {"running", "failed", "error"},
	"cancelled": {"cancelling", "cancelled"},
}

// begin notes what is still to be done for a branch: its data is there, its compute starts as it was told to.
func (a *api) begin(branch, outcome string) []*operation {
	begun := []*operation{
		{ID: "op-create-" + branch, Action: "create_branch", Status: "running", branch: branch, next: []string{"finished"}},
		{ID: "op-start-" + branch, Action: "start_compute", Status: "scheduling", branch: branch, next: outcomes[outcome]},
	}
	for _, o := range begun {
		a.operations[o.ID] = o
	}
	return begun
}

func (a *api) look(w http.ResponseWriter, r *http.Request) {
	o := a.operations[r.PathValue("id")]
	if o == nil {
		refuse(w, http.StatusNotFound, "operation not found")
		return
	}
	if len(o.next) > 0 {
		o.Status, o.next = o.next[0], o.next[1:]
		if o.Status == "failed" {
			o.Failures++
		}
		if o.Action == "start_compute" && o.Status == "finished" {
			if err := a.server.let(r.Context(), o.branch, true); err != nil {
				slog.Error("let connections to a copy", "error", err)
				refuse(w, http.StatusInternalServerError, "the copy takes no connections; the sandbox's log says why")
				return
			}
		}
	}
	process.WriteJSON(w, http.StatusOK, map[string]any{"operation": o})
}
