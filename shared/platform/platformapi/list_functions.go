package platformapi

import (
	"context"
	"math"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/clock"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/platform"
)

// FiguresReader is what ListFunctions needs of CloudWatch.
type FiguresReader interface {
	Figures(ctx context.Context, functions []string, since, until time.Time) (map[string]platform.Figures, error)
}

// ListFunctionsOp declares GET /v1/admin/functions.
var ListFunctionsOp = api.Op{
	Name: "api-platform-list-functions", Method: api.GET, Path: "/v1/admin/functions",
	Summary: "What every function did lately: calls, errors, failures, throttles and durations",
	Roles:   admins,
	Errors:  []*fail.Error{platform.ErrVendor},
	Needs:   []need.Need{need.Metrics},
}

type functionsInput struct {
	Minutes int `query:"minutes" minimum:"5" maximum:"1440" default:"60" doc:"How far back to look"`
}

type functionsOutput struct {
	Since     time.Time        `json:"since" doc:"The first minute that is counted"`
	Until     time.Time        `json:"until" doc:"The end of the minute that is under way; CloudWatch may hear of the last one or two later"`
	Functions []functionOutput `json:"functions" nullable:"false"`
}

type functionOutput struct {
	Name           string  `json:"name"`
	Trigger        string  `json:"trigger" enum:"api,hook,job,cron,socket"`
	Stack          string  `json:"stack" doc:"The domain whose stack it is deployed in" example:"billing"`
	MemoryMB       int     `json:"memory_mb"`
	TimeoutSeconds int     `json:"timeout_seconds"`
	Invocations    int64   `json:"invocations"`
	Errors         int64   `json:"errors" doc:"Calls that ended without an answer: a crash, a time-out, a failed run. An endpoint's 500 is an answer: see failed"`
	Failed         int64   `json:"failed" doc:"Failures that the function itself told of: an answer of 5xx, a message that it gave back, a failed run. A crash is told by nobody: see errors"`
	Throttles      int64   `json:"throttles" doc:"Calls that Lambda refused because too many ran at once"`
	AverageMS      float64 `json:"average_ms"`
	SlowestMS      float64 `json:"slowest_ms"`
}

// ListFunctions answers from the list that make generate writes, with figures of CloudWatch's. A function that was not called has zeros.
func ListFunctions(r FiguresReader) api.Endpoint {
	return api.New(ListFunctionsOp, func(ctx context.Context, _ api.Caller, in *functionsInput) (*functionsOutput, error) {
		until := clock.Real().UTC().Truncate(time.Minute).Add(time.Minute)
		out := &functionsOutput{Since: until.Add(-time.Duration(in.Minutes) * time.Minute), Until: until, Functions: []functionOutput{}}
		names := make([]string, len(platform.Functions))
		for i, f := range platform.Functions {
			names[i] = f.Name
		}
		figures, err := r.Figures(ctx, names, out.Since, out.Until)
		if err != nil {
			return nil, err
		}
		for _, f := range platform.Functions {
			of := figures[f.Name]
			out.Functions = append(out.Functions, functionOutput{f.Name, f.Trigger(), f.Stack(), f.MemoryMB, f.TimeoutSeconds,
				of.Invocations, of.Errors, of.Failed, of.Throttles, tenth(of.AverageMS), tenth(of.SlowestMS)})
		}
		return out, nil
	})
}

func tenth(ms float64) float64 { return math.Round(ms*10) / 10 }
