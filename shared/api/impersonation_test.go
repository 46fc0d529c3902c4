package api_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/auth"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// plain is an operation that answers, after a step-up if it asks for one.
func plain(op api.Op, stepUp bool) api.Endpoint {
	op.Summary, op.Roles, op.Needs = "For tests", []tenancy.Role{tenancy.Owner, tenancy.Member}, []need.Need{need.Postgres}
	return api.New(op, func(_ context.Context, c api.Caller, _ *struct{}) (*struct{}, error) {
		if stepUp {
			return &struct{}{}, api.StepUp(c, auth.StepUpStrict)
		}
		return &struct{}{}, nil
	})
}

// Red with the act claim dropped at sign-in, with writes alone refused, and with reads refused too.
func TestWhoeverActsInAnothersNameChangesNothing(t *testing.T) {
	e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{plain(api.Op{Name: "api-test-read", Method: api.GET, Path: "/read"}, false),
			plain(api.Op{Name: "api-test-search", Method: api.POST, Path: "/search", Read: true}, false),
			plain(api.Op{Name: "api-test-reveal", Method: api.POST, Path: "/reveal", Read: true}, true),
			plain(api.Op{Name: "api-test-write", Method: api.PUT, Path: "/write"}, false)}
	})
	for name, as := range map[string]func(*testing.T) *apitest.Client{
		"staff":    func(t *testing.T) *apitest.Client { return e.A.As(t, tenancy.Owner) },
		"a member": func(t *testing.T) *apitest.Client { return e.A.AsMember(t, "user_noa") },
	} {
		t.Run(name, func(t *testing.T) {
			as(t).Put("/write", nil).Want(200)
			as(t).Post("/reveal", nil).Want(200)
			as(t).Impersonated().Put("/write", nil).Want(403, "auth.impersonated")
			as(t).Impersonated().Post("/reveal", nil).Want(403, "auth.impersonated")
			as(t).Impersonated().Get("/read").Want(200)
			as(t).Impersonated().Post("/search", nil).Want(200)
		})
	}
}

// It redirects the log of the whole process, so it runs apart from parallel tests.
func TestTheLogNamesWhoActsInAnothersName(t *testing.T) {
	var log bytes.Buffer
	obs.Redirect(&log)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	h := api.Handler(plain(api.Op{Name: "api-test-log", Method: api.GET, Path: "/log"}, false), api.Deps{Verifier: impersonator{}})
	_, _ = api.Lambda("api-test-log", 0, h).Invoke(t.Context(), []byte(`{"rawPath":"/log","headers":{"authorization":"Bearer x"},"requestContext":{"http":{"method":"GET"},"domainName":"api.fitkit.example"}}`))
	if !strings.Contains(log.String(), `"impersonator":"user_support"`) {
		t.Errorf("%s", log.String())
	}
}

type impersonator struct{}

func (impersonator) Verify(context.Context, string) (auth.Session, error) {
	return auth.Session{UserID: "user_noa", SessionID: "sess_x", Org: &auth.Org{ID: "org_x"}, ImpersonatorID: "user_support"}, nil
}
