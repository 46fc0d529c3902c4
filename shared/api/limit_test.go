package api_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

type dearInput struct {
	N int `query:"n" minimum:"1"`
}

// dear is an operation that a studio may ask for three times a minute, read or written.
func dear(name, method, path string) api.Endpoint {
	op := api.Op{Name: name, Method: method, Path: path, Summary: "For tests", Roles: []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.Member},
		Needs: []need.Need{need.Postgres}, PerMinute: 3}
	return api.New(op, func(context.Context, api.Caller, *dearInput) (*struct{}, error) { return &struct{}{}, nil })
}

func limited(t *testing.T) *apitest.Env {
	t.Parallel()
	return apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{dear("api-test-read", api.GET, "/read"), dear("api-test-write", api.POST, "/write")}
	})
}

// Red with the limit compared by >=, without the member in the key, and with every request beginning a window.
func TestAStudioMayAskForWhatIsExpensiveSoOftenAMinute(t *testing.T) {
	e := limited(t)
	owner := e.A.As(t, tenancy.Owner)
	e.A.As(t, tenancy.Coach).Get("/read?n=1").Want(403, "auth.role_not_allowed")
	owner.Get("/read?n=0").Want(422, "request.invalid") // neither is counted
	for range 3 {
		owner.Get("/read?n=1").Want(200)
	}
	refused := e.A.As(t, tenancy.Manager).Get("/read?n=1").Want(429, "request.too_many")
	if wait, err := strconv.Atoi(refused.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After is %q", refused.Header.Get("Retry-After"))
	}
	owner.Post("/write?n=1", nil).Want(200)
	e.B.As(t, tenancy.Owner).Get("/read?n=1").Want(200)
	for _, user := range []string{"user_noa", "user_dan"} { // each member has a count of their own
		e.Exec(t, "insert into members (org_id, id, name, search_key, clerk_user_id) values ($1, app.uuidv7(), $2, $2, $2)", e.A.Org, user)
		for range 3 {
			e.A.AsMember(t, user).Get("/read?n=1").Want(200)
		}
		e.A.AsMember(t, user).Get("/read?n=1").Want(429, "request.too_many")
	}

	e.Exec(t, "update request_windows set ends_at = now() where operation = 'api-test-read'")
	for range 3 {
		owner.Get("/read?n=1").Want(200)
	}
	owner.Get("/read?n=1").Want(429, "request.too_many")
}

func TestRequestsAtOnceDoNotPassALimitTogether(t *testing.T) {
	e := limited(t)
	var all sync.WaitGroup
	var passed atomic.Int64
	for range 20 {
		all.Go(func() {
			if e.A.As(t, tenancy.Owner).Post("/write?n=1", nil).Status == 200 {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 3 {
		t.Errorf("%d of 20 passed a limit of 3", passed.Load())
	}
}
