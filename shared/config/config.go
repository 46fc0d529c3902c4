// Package config reads the environment once, by struct. A function names the sections it needs; whatever is missing
// or malformed in them stops its start with one message that lists all of it: names and rules, never values.
package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"fitkit/shared/secret"
)

// Problem is one variable that cannot be used.
type Problem struct {
	Variable string
	Rule     string
}

// Problems is every variable that stands in the way of a start.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = "  " + one.Variable + ": " + one.Rule
	}
	return fmt.Sprintf("FitKit cannot start: %d setting(s) are missing or wrong.\n%s\nSee .env.example for what each one is.",
		len(p), strings.Join(lines, "\n"))
}

// With is these problems and those of err on other variables; an err of another kind is returned as it is.
func (p Problems) With(err error) error {
	var more Problems
	if err != nil && !errors.As(err, &more) {
		return err
	}
	out := slices.Clone(p)
	for _, one := range more {
		if !slices.ContainsFunc(p, func(known Problem) bool { return known.Variable == one.Variable }) {
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// Together is the problems of several checks as one error, or nil: a start says all that is wrong at once.
func Together(checks ...error) error {
	var all Problems
	for _, err := range checks {
		var some Problems
		if errors.As(err, &some) {
			all = append(all, some...)
		} else if err != nil {
			return err
		}
	}
	if len(all) > 0 {
		return all
	}
	return nil
}

// Read fills the given section structs from getenv. Fields carry `env:"NAME"`, optional `default:"…"`, optional
// `check:"…"` (see checks.go); without a default a variable is required, `optional:"true"` excepted. `domain:"…"` says whose part
// of the parameter store has it; a secret without one is in the shared part.
func Read(getenv func(string) string, sections ...any) error {
	var problems Problems
	for _, section := range sections {
		v := reflect.ValueOf(section).Elem()
		for i := range v.NumField() {
			if p := readField(getenv, v.Type().Field(i), v.Field(i)); p != nil {
				problems = append(problems, *p)
			}
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func readField(getenv func(string) string, f reflect.StructField, into reflect.Value) *Problem {
	name := f.Tag.Get("env")
	text := getenv(name)
	if text == "" {
		text = f.Tag.Get("default")
	}
	if text == "" {
		if f.Tag.Get("optional") == "true" {
			return nil
		}
		return &Problem{name, "is required"}
	}
	if text == noKeys && into.Kind() == reflect.Slice && f.Tag.Get("check") == "key" {
		return nil
	}
	if rule := check(f.Tag.Get("check"), text); rule != "" {
		return &Problem{name, rule}
	}
	if err := set(into, text); err != nil {
		return &Problem{name, err.Error()}
	}
	return nil
}

var secretType = reflect.TypeFor[secret.Secret]()

func set(into reflect.Value, text string) error {
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("must be exactly true or false")
		}
		into.SetBool(text == "true")
	case reflect.Int, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, into.Type().Bits())
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("must be a whole number of at most %d digits", len(strconv.FormatInt(1<<(into.Type().Bits()-1)-1, 10))-1)
		}
		if err != nil {
			return fmt.Errorf("must be a whole number")
		}
		into.SetInt(n)
	case reflect.Slice:
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				into.Set(reflect.Append(into, reflect.ValueOf(part).Convert(into.Type().Elem())))
			}
		}
	default:
		return fmt.Errorf("has a type that settings cannot have")
	}
	return nil
}

// Variables lists the names that a section reads, in order.
func Variables(section any) []Variable {
	t := reflect.TypeOf(section)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []Variable
	for i := range t.NumField() {
		f := t.Field(i)
		typ := f.Type
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		v := Variable{
			Name: f.Tag.Get("env"), Secret: typ == secretType, Default: f.Tag.Get("default"), Optional: f.Tag.Get("optional") == "true",
			Key: f.Tag.Get("check") == "key", Domain: f.Tag.Get("domain"),
		}
		if v.Domain == "" && v.Secret && !strings.HasPrefix(v.Name, "AWS_") { // those are Lambda's
			v.Domain = "shared"
		}
		out = append(out, v)
	}
	return out
}

// Variable describes one setting.
type Variable struct {
	Name     string
	Secret   bool
	Default  string
	Optional bool
	Key      bool // an encryption key: it changes with a deployment only
	// Domain is the part of the parameter store that a function reads the variable from; empty: the deployment passes its text.
	Domain string
}

// Parameter is the variable's name in a stage's part of the parameter store: functions, grants and the deployment agree on it.
func (v Variable) Parameter(stage string) string {
	return "/fitkit/" + stage + "/" + v.Domain + "/" + v.Name
}
