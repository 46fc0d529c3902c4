package catalog_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"fitkit/shared/catalog"
	"fitkit/shared/civil"
	"fitkit/shared/testhooks/testhooksapi"
)

// hiding are the fields of requests that are a credential or a person's number: api_name is half of a terminal's credentials, and number
// the document's.
var hiding = regexp.MustCompile(`password|secret|token|^api_name$|^number$|national`)

// TestNoRequestPrintsWhatItHides (S9): a handler that logs its whole input shows no credential and no national ID. It was seen red with the
// password of connect-gateway, and with the number of set-national-id, as a string.
func TestNoRequestPrintsWhatItHides(t *testing.T) {
	const canary = "cAnArY-7c3e"
	filled := 0
	for _, e := range append(catalog.Endpoints(), testhooksapi.SeedStudio(nil, ""), testhooksapi.ResetStudio(nil, "")) {
		in := reflect.New(e.Input())
		filled += hide(in.Elem(), canary)
		text, err := json.Marshal(in.Interface())
		if err != nil {
			t.Fatal(err)
		}
		said := string(text)
		for _, printed := range []any{in.Interface(), in.Elem().Interface(), []any{in.Elem().Interface()}} {
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				said += fmt.Sprintf(verb, printed)
			}
		}
		if strings.Contains(said, canary) {
			t.Errorf("the input of %s prints what it should hide: %s", e.Op.Name, said)
		}
	}
	if filled < 5 {
		t.Errorf("only %d fields were filled", filled)
	}
}

// hide puts text into every field that hides something, and says how many there are.
func hide(v reflect.Value, text string) (n int) {
	if v.Type() == reflect.TypeFor[civil.Date]() { // none is no JSON
		v.Set(reflect.ValueOf(civil.New(2026, time.March, 1)))
		return 0
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().Kind() != reflect.Struct {
			return 0
		}
		v.Set(reflect.New(v.Type().Elem()))
		return hide(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name := ""
			for _, tag := range []string{"json", "path", "query", "header"} {
				name += strings.ToLower(strings.Split(f.Tag.Get(tag), ",")[0])
			}
			switch {
			case !f.IsExported():
			case f.Type.Kind() == reflect.String && hiding.MatchString(name):
				v.Field(i).SetString(text)
				n++
			default:
				n += hide(v.Field(i), text)
			}
		}
	}
	return n
}
