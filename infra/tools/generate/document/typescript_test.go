package document

import (
	"context"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/run"
)

func TestTheClientKnowsWhatMayBeSentAgain(t *testing.T) {
	taken := fail.New(fail.Conflict, "member.phone_taken", "Taken.", "תפוס.")
	type nothing struct{}
	endpoint := func(op api.Op) api.Endpoint {
		return api.New(op, func(context.Context, api.Caller, *nothing) (*nothing, error) { return nil, nil })
	}
	for name, tc := range map[string]struct {
		op   api.Op
		want string
	}{
		"a read":                     {api.Op{Method: api.GET}, `{ method: "GET", path: "/v1/x", front: "api", repeat: "read" }`},
		"a search by POST":           {api.Op{Method: api.POST, Read: true}, `{ method: "POST", path: "/v1/x", front: "api", repeat: "read" }`},
		"one that a repeat goes on":  {api.Op{Method: api.POST, Read: true, Once: true}, `{ method: "POST", path: "/v1/x", front: "api", repeat: "never" }`},
		"a keyed write":              {api.Op{Method: api.PATCH}, `{ method: "PATCH", path: "/v1/x", front: "api", repeat: "key" }`},
		"a public write without one": {api.Op{Method: api.POST, Public: true}, `{ method: "POST", path: "/v1/x", front: "api", repeat: "never" }`},
		"one with its own URL":       {api.Op{Method: api.GET, Front: run.URL}, `{ method: "GET", path: "/v1/x", front: "url", repeat: "read" }`},
		"its own codes alone":        {api.Op{Method: api.POST, Errors: []*fail.Error{taken, api.ErrSignIn}}, `"api-x-do": "member.phone_taken";`},
		"no codes of its own":        {api.Op{Method: api.POST}, `"api-x-do": never;`},
	} {
		t.Run(name, func(t *testing.T) {
			tc.op.Name, tc.op.Path = "api-x-do", "/v1/x"
			if got := string(TypeScript([]api.Endpoint{endpoint(tc.op)})); !strings.Contains(got, tc.want) {
				t.Errorf("%s\ndoes not say %s", got, tc.want)
			}
		})
	}
}
