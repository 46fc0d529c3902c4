package postgrestest

import (
	"context"
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// statementName is how a package names the constants that hold whole statements. A part of a statement has another name.
var statementName = regexp.MustCompile(`^sql[A-Z]`)

// PrepareStatements prepares every statement of the package in the test's folder on the migrated schema, as the app
// role: a column that a migration took away, a misspelt name or a parameter without a type fails here and not in
// production. A package's statements are its constants named sqlXxx; they are found in its source, so none is forgotten.
//
//	func TestStatements(t *testing.T) { postgrestest.PrepareStatements(t) }
func PrepareStatements(t *testing.T) {
	t.Helper()
	t.Parallel()
	statements, err := Statements(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(statements) == 0 {
		t.Fatal("the package has no constants named sqlXxx; this test is not needed or they have other names")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, New(t).AppURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	names := make([]string, 0, len(statements))
	for name := range statements {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, err := conn.Prepare(ctx, name, statements[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Statements reads the constants named sqlXxx of the package in folder, those inside functions too. Constants made of
// others of the package are put together as the compiler does.
func Statements(folder string) (map[string]string, error) {
	fset := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return evaluate(fset, files)
}

// evaluate has the type checker work out the constants. Imports are left out and the errors that follow from it ignored:
// a statement that needed them has no value, and is reported.
func evaluate(fset *token.FileSet, files []*ast.File) (map[string]string, error) {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: noImports{}, Error: func(error) {}}
	_, _ = check.Check("statements", fset, files, info)
	found := map[string]string{}
	for name, object := range info.Defs {
		c, ok := object.(*types.Const)
		if !ok || !statementName.MatchString(name.Name) {
			continue
		}
		if c.Val().Kind() != constant.String {
			return nil, errors.New(name.Name + " is not made of texts of its own package")
		}
		if _, twice := found[name.Name]; twice {
			return nil, errors.New("two statements are named " + name.Name)
		}
		found[name.Name] = constant.StringVal(c.Val())
	}
	return found, nil
}

type noImports struct{}

// Import implements types.Importer.
func (noImports) Import(string) (*types.Package, error) { return nil, fs.ErrNotExist }
