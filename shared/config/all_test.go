package config_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
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
