// Package platformapi is the endpoints of the system itself.
package platformapi

import (
	"context"
	"net/http"

	"fitkit/shared/api"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/platform"
)

// HealthChecker is what CheckHealth needs.
type HealthChecker interface {
	Check(ctx context.Context) platform.Health
}

// CheckHealthOp declares GET /healthz, and /health, where the former system answered.
var CheckHealthOp = api.Op{
	Name: "api-platform-check-health", Method: api.GET, Path: "/healthz", Aliases: []string{"/health"}, Public: true,
	Summary: "Which stores answer, and which build runs; 503 when Postgres does not, since nothing works without it",
	Needs:   []need.Need{need.Postgres, need.Redis},
}

type healthOutput struct {
	Status string        `json:"status" enum:"ok,degraded,down" doc:"degraded: a store is down that the system does without"`
	Build  string        `json:"build" doc:"The commit"`
	Stores []storeOutput `json:"stores" nullable:"false"`

	httpStatus int
}

// HTTPStatus is 503 when the system does not work.
func (o *healthOutput) HTTPStatus() int { return o.httpStatus }

type storeOutput struct {
	Name   string  `json:"name" example:"postgres"`
	Status string  `json:"status" enum:"up,down"`
	Millis float64 `json:"ms" doc:"How long the answer took"`
}

// CheckHealth asks every store.
func CheckHealth(health HealthChecker) api.Endpoint {
	return api.New(CheckHealthOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*healthOutput, error) {
		h := health.Check(ctx)
		out := &healthOutput{Status: "ok", Build: h.Build, httpStatus: http.StatusOK}
		var well bool
		if out.Stores, well = told(ctx, h); !well {
			out.Status = "degraded"
		}
		if !h.Up {
			out.Status, out.httpStatus = "down", http.StatusServiceUnavailable
		}
		return out, nil
	})
}

// told is how the stores answered, and whether all of them did. Why one did not is for the log.
func told(ctx context.Context, h platform.Health) (out []storeOutput, well bool) {
	out, well = []storeOutput{}, true
	for _, s := range h.Stores {
		status := "up"
		if !s.Up {
			status, well = "down", false
			obs.Add(ctx, s.Name+"_down", s.Err.Error())
		}
		out = append(out, storeOutput{Name: s.Name, Status: status, Millis: float64(s.Took.Microseconds()) / 1000})
	}
	return out, well
}
