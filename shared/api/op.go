// Package api is the HTTP edge: it turns a request into a typed call and a typed answer, or an error, into a response.
//
// An endpoint is declared once, as an Op, beside its handler. The route, the template, the role matrix, the grants,
// the API document and the error catalogue are all made from it.
package api

import (
	"net/http"
	"slices"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

// Methods of HTTP, as declarations write them.
const (
	GET    = http.MethodGet
	POST   = http.MethodPost
	PUT    = http.MethodPut
	PATCH  = http.MethodPatch
	DELETE = http.MethodDelete
)

// Caller is who calls and for which organisation.
type Caller = tenancy.Caller

// Op is an endpoint's declaration.
type Op struct {
	Name    string // api-<domain>-<verb>-<object>
	Method  string
	Path    string
	Aliases []string // former addresses that answer alike; the API document leaves them out
	Status  int      // of success; 200 by default
	Summary string
	Roles   []tenancy.Role
	Public  bool // no sign-in
	Errors  []*fail.Error
	Needs   []need.Need
	Front   run.Front

	// Read says that the endpoint changes nothing a repeat could double, so it takes no Idempotency-Key. GETs are reads.
	Read bool
	// Once says that a repeat, though it doubles nothing, goes on where the call before it ended: clients never send it again by themselves.
	Once bool
	// Steps says that the endpoint calls a provider between transactions; see postgres.Unit.
	Steps bool

	// Lasting says that the request makes a debt: its Idempotency-Key holds for more than a year instead of a day, so that the
	// same sale, sent again the week after, is still the same sale.
	Lasting bool

	// PerMinute is how often the staff of a studio together, or one member, may ask for what is expensive: a provider's call, a
	// wide search, a secret shown. 0 sets no limit. Refused input is not counted.
	PerMinute int

	MemoryMB int           // 512 by default
	Timeout  time.Duration // 29 s by default, under the gateway's 30
	MaxBody  int64         // bytes; 256 KB by default
}

const (
	defaultMemory  = 512
	defaultTimeout = 29 * time.Second
	defaultMaxBody = 256 << 10
)

// Spec is what templates and documents are made from.
func (o Op) Spec() run.Spec {
	needs := o.Needs
	errs := append([]*fail.Error{}, edgeErrors...)
	switch {
	case o.admin():
		needs = append([]need.Need{need.Clerk, need.SystemPostgres}, needs...)
		errs = append(errs, adminErrors...)
	case !o.Public:
		needs = append([]need.Need{need.Clerk}, needs...)
		errs = append(errs, signedInErrors...)
	}
	if o.keyed() {
		errs = append(errs, keyErrors...)
	}
	if o.PerMinute > 0 {
		errs = append(errs, postgres.ErrTooMany)
	}
	return run.Spec{
		Name: o.Name, Summary: o.Summary, Needs: needs, Memory: or(o.MemoryMB, defaultMemory), Timeout: or(o.Timeout, defaultTimeout),
		Route: &run.Route{Method: o.Method, Path: o.Path, Aliases: o.Aliases, Status: o.status(), Public: o.Public, Roles: o.Roles,
			Errors: append(errs, o.Errors...), Front: o.Front},
	}
}

func (o Op) keyed() bool { return !o.Read && !o.Public && o.Method != GET }

// seals says that the write has the keys that seal values, so its body may be one: an identity number, a terminal's
// password. Then the database must not hold a hash of it that can be guessed.
func (o Op) seals() bool {
	return o.keyed() && (slices.Contains(o.Needs, need.NationalIDIndex) || slices.Contains(o.Needs, need.PaymentKeys))
}

// admin says that the route is for FitKit's own people: outside of every studio, and after a step-up.
func (o Op) admin() bool { return slices.Contains(o.Roles, tenancy.PlatformAdmin) }

func (o Op) status() int { return or(o.Status, http.StatusOK) }

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
