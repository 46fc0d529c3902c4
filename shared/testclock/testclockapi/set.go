// Package testclockapi is the endpoint of test clocks.
package testclockapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
	"fitkit/shared/testclock"
)

// Clocks is what Set needs.
type Clocks interface {
	Create(ctx context.Context, c tenancy.Caller, now time.Time) (testclock.Clock, error)
	Advance(ctx context.Context, c tenancy.Caller, target time.Time) (testclock.Clock, error)
	Read(ctx context.Context, c tenancy.Caller) (testclock.Clock, error)
}

// SetOp declares POST /v1/org/test-clock.
var SetOp = api.Op{
	Name: "api-org-set-test-clock", Method: api.POST, Path: "/v1/org/test-clock",
	Summary: "Create, advance or read the test clock of a test studio",
	Roles:   []tenancy.Role{tenancy.Owner},
	Errors:  []*fail.Error{testclock.ErrNoClock, testclock.ErrNotTest, testclock.ErrBackwards, testclock.ErrAdvancing, ErrOneOf},
	Needs:   []need.Need{need.Postgres, need.Send(string(testclock.Queue))},
}

// ErrOneOf refuses a body that asks for two things.
var ErrOneOf = fail.New(fail.Invalid, "org.test_clock_one_of", "Send create_at or advance_to, not both; send neither to read the clock.",
	"שלחו create_at או advance_to, לא את שניהם; כדי לקרוא את השעון אל תשלחו אף אחד מהם.")

type setInput struct {
	Body struct {
		CreateAt  *time.Time `json:"create_at,omitempty" doc:"Make this a test studio whose clock stands here"`
		AdvanceTo *time.Time `json:"advance_to,omitempty" doc:"Live through everything that falls due until here"`
	}
}

type clockOutput struct {
	Now      time.Time  `json:"now"`
	Status   string     `json:"status" enum:"ready,advancing"`
	Target   *time.Time `json:"target,omitempty"`
	OpenJobs int        `json:"open_jobs"`
}

// Set creates, advances or reads the clock.
func Set(clocks Clocks) api.Endpoint {
	return api.New(SetOp, func(ctx context.Context, c api.Caller, in *setInput) (*clockOutput, error) {
		cl, err := apply(ctx, clocks, c, in)
		if err != nil {
			return nil, err
		}
		out := &clockOutput{Now: cl.Now, Status: "ready", Target: cl.Target, OpenJobs: cl.OpenJobs}
		if cl.Target != nil {
			out.Status = "advancing"
		}
		return out, nil
	})
}

func apply(ctx context.Context, clocks Clocks, c api.Caller, in *setInput) (testclock.Clock, error) {
	switch create, advance := in.Body.CreateAt, in.Body.AdvanceTo; {
	case create != nil && advance != nil:
		return testclock.Clock{}, ErrOneOf
	case create != nil:
		return clocks.Create(ctx, c, *create)
	case advance != nil:
		return clocks.Advance(ctx, c, *advance)
	}
	return clocks.Read(ctx, c)
}
