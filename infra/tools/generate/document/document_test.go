package document_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/infra/tools/generate/document"
	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/run"
	"fitkit/shared/tenancy"
)

var errFull = fail.New(fail.Conflict, "room.full", "The room is full.", "החדר מלא.")

type enterInput struct {
	Room id.Plan   `path:"room"`
	As   id.Member `query:"as"`
	Body struct {
		Name  string `json:"name" minLength:"1"`
		Seats int    `json:"seats" maximum:"100000000"`
	}
}

type keyOutput struct {
	Number int `json:"number"`
}

type enterOutput struct {
	ID    id.Membership `json:"id"`
	Guest *id.Member    `json:"guest"`
	Place int           `json:"place"`
	Key   *keyOutput    `json:"key" doc:"null when there is none"`
	Spare *keyOutput    `json:"spare,omitempty"`
}

func endpoint[I any](name, path string, errs ...*fail.Error) api.Endpoint {
	op := api.Op{Name: name, Method: api.POST, Path: path, Status: 201, Summary: "Enter a room", Errors: errs,
		Roles: []tenancy.Role{tenancy.Owner, tenancy.Member}, Needs: []need.Need{need.Postgres, need.Send("room-clean")}}
	return api.New(op, func(context.Context, api.Caller, *I) (*enterOutput, error) { return &enterOutput{}, nil })
}

var provider = hook.New(hook.Op{Name: "hook-room-provider", Summary: "Hear of rooms", Path: "/v1/hooks/room/{token}", Status: 202}, nil)

// at reads a value of a YAML document by its path.
func at(t *testing.T, doc []byte, path ...string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func TestTheAPIDocumentSaysWhatAnEndpointAnswers(t *testing.T) {
	doc, err := document.OpenAPI([]api.Endpoint{endpoint[enterInput]("api-room-enter", "/v1/rooms/{room}", errFull)}, []hook.Handler{provider})
	if err != nil {
		t.Fatal(err)
	}
	enter := []string{"paths", "/v1/rooms/{room}", "post"}
	for name, tc := range map[string]struct {
		path []string
		want any
	}{
		"the version":                       {[]string{"openapi"}, "3.1.0"},
		"the operation is the function":     {append(enter[:3:3], "operationId"), "api-room-enter"},
		"a code stands at its status":       {append(enter[:3:3], "responses", "409", "description"), "idempotency.in_progress, room.full"},
		"an error is a problem document":    {append(enter[:3:3], "responses", "409", "$ref"), "#/components/responses/Problem"},
		"success has the declared status":   {append(enter[:3:3], "responses", "201", "description"), "Created"},
		"the token is a bearer's":           {[]string{"components", "securitySchemes", "session", "scheme"}, "bearer"},
		"the organisation's header":         {[]string{"components", "parameters", "FitKitOrg", "name"}, "FitKit-Org"},
		"an answer has the request's id":    {append(enter[:3:3], "responses", "201", "headers", "X-Correlation-Id", "$ref"), "#/components/headers/CorrelationId"},
		"a refusal has it too":              {[]string{"components", "responses", "Problem", "headers", "X-Correlation-Id", "$ref"}, "#/components/headers/CorrelationId"},
		"a refusal says when to come back":  {[]string{"components", "responses", "Problem", "headers", "Retry-After", "$ref"}, "#/components/headers/RetryAfter"},
		"a webhook is a path":               {[]string{"paths", "/v1/hooks/room/{token}", "post", "operationId"}, "hook-room-provider"},
		"a webhook's refusal is documented": {[]string{"paths", "/v1/hooks/room/{token}", "post", "responses", "401", "description"}, "hook.refused"},
		"a code is said in English":         {[]string{"x-fitkit-errors", "room.full", "title"}, errFull.Detail},
		"a code is said in Hebrew":          {[]string{"x-fitkit-errors", "room.full", "title_he"}, errFull.Hebrew},
		"a webhook's code is said too":      {[]string{"x-fitkit-errors", "hook.refused", "status"}, 401},
		"a webhook needs no sign-in":        {[]string{"paths", "/v1/hooks/room/{token}", "post", "security"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := at(t, doc, tc.path...); got != tc.want {
				t.Errorf("%v: %v, want %v", tc.path, got, tc.want)
			}
		})
	}
	if got, _ := at(t, doc, append(enter[:3:3], "parameters")...).([]any); !slices.ContainsFunc(got, func(p any) bool {
		return reflect.DeepEqual(p, map[string]any{"$ref": "#/components/parameters/CorrelationId"})
	}) {
		t.Errorf("no id can be sent: %v", got)
	}
	if got := at(t, doc, append(enter[:3:3], "x-fitkit-roles")...); len(got.([]any)) != 2 {
		t.Errorf("roles %v", got)
	}
}

func TestSchemasSayWhatHumaLeavesOut(t *testing.T) {
	doc, err := document.OpenAPI([]api.Endpoint{endpoint[enterInput]("api-room-enter", "/v1/rooms/{room}")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	schemas := []string{"components", "schemas"}
	output := slices.Concat(schemas, []string{"Document_testEnterOutput", "properties"})
	for name, tc := range map[string]struct {
		path []string
		want any
	}{
		"a typed id is a uuid":                  {append(output[:4:4], "id", "format"), "uuid"},
		"one that may be null is, too":          {append(output[:4:4], "guest", "format"), "uuid"},
		"a number is none":                      {append(output[:4:4], "place", "format"), "int64"},
		"an object that may be null":            {append(output[:4:4], "key", "anyOf"), []any{map[string]any{"$ref": "#/components/schemas/Document_testKeyOutput"}, map[string]any{"type": "null"}}},
		"its description stays":                 {append(output[:4:4], "key", "description"), "null when there is none"},
		"an object that is left out":            {append(output[:4:4], "spare", "$ref"), "#/components/schemas/Document_testKeyOutput"},
		"a limit is written as a number":        {append(schemas, "RoomEnterInputBody", "properties", "seats", "maximum"), 100000000},
		"a key is of characters a header takes": {[]string{"components", "parameters", "IdempotencyKey", "schema", "pattern"}, "^[!-~]([ -~]*[!-~])?$"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := at(t, doc, tc.path...); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%v: %v, want %v", tc.path, got, tc.want)
			}
		})
	}
	parameters, _ := at(t, doc, "paths", "/v1/rooms/{room}", "post", "parameters").([]any)
	ids := 0
	for _, p := range parameters {
		if s, ok := p.(map[string]any)["schema"].(map[string]any); ok && s["format"] == "uuid" {
			ids++
		}
	}
	if ids != 2 {
		t.Errorf("%d of the path's and the query's ids are uuids: %v", ids, parameters)
	}
}

func TestTwoDomainsMayUseOneInputName(t *testing.T) {
	type updateInput struct{ Body struct{ A string } }
	first := endpoint[updateInput]("api-room-update", "/v1/rooms")
	second := func() api.Endpoint {
		type updateInput struct{ Body struct{ B string } }
		return endpoint[updateInput]("api-door-update", "/v1/doors")
	}()
	if _, err := document.OpenAPI([]api.Endpoint{first, second}, nil); err != nil {
		t.Fatal(err)
	}
	again := func() api.Endpoint {
		type updateInput struct{ Body struct{ C string } }
		return endpoint[updateInput]("api-room-replace", "/v1/rooms/all")
	}()
	if _, err := document.OpenAPI([]api.Endpoint{first, again}, nil); err == nil || !strings.Contains(err.Error(), "describe api-room-replace") {
		t.Errorf("two bodies of one name in a domain: %v", err)
	}
}

func TestErrorsAreListedOnceWithBothLanguages(t *testing.T) {
	text, err := document.Errors([]run.Spec{endpoint[enterInput]("api-room-enter", "/v1/rooms", errFull).Spec(), provider.Spec()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"`room.full` | 409 | The room is full.<br>החדר מלא. | api-room-enter |", "| every endpoint and webhook |"} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("not once %q in\n%s", want, text)
		}
	}
	other := fail.New(fail.Conflict, "room.full", "No room.", "אין חדר.")
	if _, err := document.Errors([]run.Spec{endpoint[enterInput]("api-a-b", "/a", errFull).Spec(), endpoint[enterInput]("api-c-d", "/c", other).Spec()}); err == nil {
		t.Error("one code with two meanings was accepted")
	}
}

func TestTheTableOfFunctionsShowsRolesAndNeeds(t *testing.T) {
	health := api.Op{Name: "api-house-check-health", Method: api.GET, Path: "/healthz", Summary: "Is it well", Public: true}
	keys := api.Op{Name: "api-house-list-keys", Method: api.GET, Path: "/v1/admin/keys", Summary: "List keys", Roles: []tenancy.Role{tenancy.PlatformAdmin}}
	do := func(context.Context, api.Caller, *struct{}) (*keyOutput, error) { return &keyOutput{}, nil }
	text := string(document.Functions([]run.Spec{endpoint[enterInput]("api-room-enter", "/v1/rooms").Spec(), provider.Spec(),
		api.New(health, do).Spec(), api.New(keys, do).Spec()}))
	for _, want := range []string{
		"| function | route | owner | manager | front_desk | coach | member | platform_admin | needs | MB | s |",
		"| api-room-enter<br>Enter a room | POST /v1/rooms | ✓ |  |  |  | ✓ |  | clerk, postgres, send room-clean | 512 | 29 |",
		"| api-house-check-health<br>Is it well | GET /healthz | ○ | ○ | ○ | ○ | ○ | ○ |  | 512 | 29 |",
		"| api-house-list-keys<br>List keys | GET /v1/admin/keys |  |  |  |  |  | ✓ | clerk, system_postgres | 512 | 29 |",
		"| hook-room-provider<br>Hear of rooms | POST /v1/hooks/room/{token} |  | 256 | 10 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not found %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "## Jobs") {
		t.Error("a table without lines was printed")
	}
}
