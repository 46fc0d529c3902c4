package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// requestFields are the request types of the operations served here, cut from the field list of
// the vendor's OpenAPI document (September 2025), which forbids fields it does not declare.
//
//go:embed request_fields.json
var requestFields []byte

// requestType is one declared object, or an enumeration.
type requestType struct {
	Required []string         `json:"req"`
	Fields   map[string]field `json:"props"`
	Enum     []any            `json:"enum"`
}

// field is one declared member.
type field struct {
	Type     string   `json:"t"`
	Format   string   `json:"f"`
	Min      int      `json:"min"`
	Max      int      `json:"max"`
	Minimum  *float64 `json:"minimum"`
	Maximum  *float64 `json:"maximum"`
	Nullable bool     `json:"null"`
	Ref      string   `json:"ref"`
	Items    *field   `json:"items"`
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// declared is a set of request types.
type declared map[string]requestType

func loadDeclared() (declared, error) {
	var d declared
	if err := json.Unmarshal(requestFields, &d); err != nil {
		return nil, fmt.Errorf("read request_fields.json: %w", err)
	}
	return d, nil
}

// decode checks body against the declared type and fills v. The error names a field that is
// unknown, missing or of the wrong kind.
func (d declared) decode(typeName string, body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil || members == nil {
		return fmt.Errorf("the body is not a JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("the body goes on after its JSON object")
	}
	if err := d.checkObject(d[typeName], members); err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("a field is not readable: %w", err)
	}
	return nil
}

func (d declared) checkObject(t requestType, members map[string]any) error {
	for _, name := range t.Required {
		if members[name] == nil {
			return fmt.Errorf("%s is required", name)
		}
	}
	for name, value := range members {
		f, known := t.Fields[name]
		if !known {
			return fmt.Errorf("%s is not a declared field", name)
		}
		if err := d.checkValue(f, value); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	return nil
}

func (d declared) checkValue(f field, value any) error {
	switch {
	case value == nil && f.Nullable:
		return nil
	case value == nil:
		return fmt.Errorf("must not be null")
	case f.Ref != "":
		return d.checkRef(d[f.Ref], value)
	}
	switch v := value.(type) {
	case string:
		return f.checkString(v)
	case json.Number:
		return f.checkNumber(v)
	case bool:
		return f.checkKind("boolean")
	case []any:
		return d.checkItems(f, v)
	default:
		return f.checkKind("object")
	}
}

func (d declared) checkRef(t requestType, value any) error {
	if t.Enum == nil {
		members, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("must be an object")
		}
		return d.checkObject(t, members)
	}
	given := fmt.Sprint(value)
	if _, text := value.(string); slices.ContainsFunc(t.Enum, func(e any) bool {
		_, want := e.(string)
		return fmt.Sprint(e) == given && want == text
	}) {
		return nil
	}
	return fmt.Errorf("must be one of %v", t.Enum)
}

func (d declared) checkItems(f field, items []any) error {
	if err := f.checkKind("array"); err != nil {
		return err
	}
	for i, item := range items {
		if err := d.checkValue(*f.Items, item); err != nil {
			return fmt.Errorf("[%d] %w", i, err)
		}
	}
	return nil
}

func (f field) checkKind(got string) error {
	if f.Type == got {
		return nil
	}
	return fmt.Errorf("must be of type %s, not %s", f.Type, got)
}

func (f field) checkString(v string) error {
	if err := f.checkKind("string"); err != nil {
		return err
	}
	switch n := utf8.RuneCountInString(v); {
	case n < f.Min:
		return fmt.Errorf("must not be empty")
	case f.Max > 0 && n > f.Max:
		return fmt.Errorf("is longer than %d", f.Max)
	case f.Format == "guid" && !guid.MatchString(v):
		return fmt.Errorf("is not a GUID")
	}
	return nil
}

func (f field) checkNumber(v json.Number) error {
	if f.Type != "number" && f.Type != "integer" {
		return f.checkKind("number")
	}
	n, err := v.Float64()
	if err != nil {
		return fmt.Errorf("is out of range")
	}
	if f.Type == "integer" {
		bits := 32
		if f.Format == "int64" {
			bits = 64
		}
		if _, err := strconv.ParseInt(v.String(), 10, bits); err != nil {
			return fmt.Errorf("must be a whole number of %d bits", bits)
		}
	}
	if f.Minimum != nil && n < *f.Minimum || f.Maximum != nil && n > *f.Maximum {
		return fmt.Errorf("is out of range")
	}
	return nil
}
