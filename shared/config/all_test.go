package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/config"
)

func TestAllListsEverySection(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "sections.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared, listed []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			declared = append(declared, spec.Name.Name)
		}
		return true
	})
	for _, section := range config.All() {
		listed = append(listed, reflect.TypeOf(section).Elem().Name())
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if !slices.Equal(declared, listed) {
		t.Errorf("sections.go declares %v, All lists %v", declared, listed)
	}
}

// sounding are the names of variables that sound like something to hide.
var sounding = regexp.MustCompile(`KEY|SECRET|PASSWORD|TOKEN|DSN|URL`)

// open are those of them that are printed, each with the reason. So are addresses, which may hold no password.
var open = map[string]string{
	"AWS_ACCESS_KEY_ID":                   "names a key, and opens nothing without the secret beside it",
	"R2_ACCESS_KEY_ID":                    "names a key, and opens nothing without the secret beside it",
	"CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": "is an instant",
}

// TestNoSectionPrintsWhatItHides (S9): whatever sounds like a secret is one by its type, in every section and printed in every way. It was
// seen red with R2's secret key as a string, and with a password allowed in an address.
func TestNoSectionPrintsWhatItHides(t *testing.T) {
	const canary = "cAnArY-5e1d"
	filled, addresses := 0, 0
	for _, section := range append(config.All(), &config.TestHooks{}) {
		v := reflect.ValueOf(section).Elem()
		for i := range v.NumField() {
			tag, field := v.Type().Field(i).Tag, v.Field(i)
			name := tag.Get("env")
			switch kind := tag.Get("check"); {
			case !sounding.MatchString(name) || open[name] != "":
			case kind == "url" || kind == "websocket":
				addresses++
				for _, scheme := range []string{"https", "wss"} {
					err := config.Read(func(string) string { return scheme + "://user:" + canary + "@vendor.example" }, reflect.New(v.Type()).Interface())
					if err == nil || !strings.Contains(err.Error(), name+": must") || strings.Contains(err.Error(), canary) {
						t.Errorf("%s takes an address with a password: %v", name, err)
					}
				}
			case field.Kind() == reflect.String:
				filled++
				field.SetString(canary)
			case field.Kind() == reflect.Slice:
				filled++
				field.Set(reflect.Append(field, reflect.ValueOf(canary).Convert(field.Type().Elem())))
			default:
				t.Errorf("nothing is known of %s, a %s", name, field.Type())
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("start", "section", section)
		for _, printed := range []any{section, v.Interface(), []any{section}, map[string]any{"section": v.Interface()}} {
			text, err := json.Marshal(printed)
			if err != nil {
				t.Fatal(err)
			}
			log.Write(text)
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				fmt.Fprintf(&log, verb, printed)
			}
		}
		if strings.Contains(log.String(), canary) {
			t.Errorf("%T prints what it should hide: %s", section, log.String())
		}
	}
	if filled < 20 || addresses < 10 {
		t.Errorf("only %d secrets and %d addresses were tried", filled, addresses)
	}
}
