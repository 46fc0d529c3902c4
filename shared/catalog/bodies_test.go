package catalog_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/auth"
	"fitkit/shared/catalog"
)

// Red with names compared whatever their case, and with folded doubles taken: encoding/json reads "ſha256" as sha256, after
// the rules looked at another value. A request that passes them reaches a handler without a store, and is a 500.
func TestABodysFieldHasOneSpelling(t *testing.T) {
	fields := 0
	for _, e := range catalog.Endpoints() {
		body, ok := e.Input().FieldByName("Body")
		if !ok {
			continue
		}
		h := api.Handler(e, api.Deps{Verifier: anybody{}, Admins: anybody{}, HashKey: "of no function"})
		path := strings.NewReplacer("{provider}", "cardcom", "{", "", "}", "").Replace(e.Op.Path)
		send := func(text string) (status int, answer string) {
			r := httptest.NewRequest(e.Op.Method, path, strings.NewReader(text))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer x")
			r.Header.Set("Idempotency-Key", "k")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		spellings(body.Type, func(object string) string { return object }, func(wrap func(string) string, name string) {
			fields++
			for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], strings.Replace(name, "s", "ſ", 1), strings.Replace(name, "k", "\u212a", 1)} {
				if other == name {
					continue
				}
				if status, answer := send(wrap(`{` + quoted(other) + `:"x"}`)); status != 422 || !strings.Contains(answer, "unexpected property") {
					t.Errorf("%s takes %q: %d %s", e.Op.Name, other, status, answer)
				}
				if status, answer := send(wrap(`{` + quoted(name) + `:"x",` + quoted(other) + `:"y"}`)); status != 400 {
					t.Errorf("%s takes %q beside %q: %d %s", e.Op.Name, other, name, status, answer)
				}
			}
		})
	}
	if fields < 40 {
		t.Errorf("only %d fields were tried", fields)
	}
}

// spellings visits every field of a body, and of the objects in it; wrap puts an object of the field's where it belongs.
func spellings(t reflect.Type, wrap func(string) string, visit func(wrap func(string) string, name string)) {
	switch t.Kind() {
	case reflect.Pointer:
		spellings(t.Elem(), wrap, visit)
	case reflect.Slice:
		spellings(t.Elem(), func(object string) string { return wrap(`[` + object + `]`) }, visit)
	case reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			visit(wrap, name)
			spellings(t.Field(i).Type, func(object string) string { return wrap(`{` + quoted(name) + `:` + object + `}`) }, visit)
		}
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// anybody is signed in, freshly and as whoever the route asks for.
type anybody struct{}

func (anybody) Verify(context.Context, string) (auth.Session, error) {
	zero := 0
	return auth.Session{UserID: "user_x", SessionID: "sess_x", Factors: auth.FactorAges{First: &zero, Second: &zero}, Org: &auth.Org{ID: "org_x"}}, nil
}

func (anybody) IsPlatformAdmin(context.Context, string) (bool, error) { return true, nil }
