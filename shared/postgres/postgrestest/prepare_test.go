package postgrestest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestStatementsAreFoundWhereverAPackageKeepsThem(t *testing.T) {
	folder := write(t, map[string]string{
		"a.go":      "package p\nimport \"fmt\"\nconst columns = `select id `\nconst sqlRead = columns + sqlTail\nfunc f() { const sqlInner = `select 2`; fmt.Println(sqlInner) }\n",
		"b.go":      "package p\nconst sqlTail = `from members`\nconst sqlite = 1\n",
		"b_test.go": "package p\nconst sqlInTest = `select 3`\n",
	})
	got, err := Statements(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"sqlRead": "select id from members", "sqlTail": "from members", "sqlInner": "select 2"}
	if len(got) != len(want) {
		t.Fatalf("found %v", got)
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
	}
}

func TestAStatementThatCannotBeReadIsReported(t *testing.T) {
	for name, source := range map[string]string{
		"made of another package's text": "package p\nimport \"fitkit/x\"\nconst sqlRead = x.Columns + `from members`\n",
		"named twice":                    "package p\nfunc f() { const sqlA = `select 1` }\nfunc g() { const sqlA = `select 2` }\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Statements(write(t, map[string]string{"a.go": source})); err == nil || !strings.Contains(err.Error(), "sql") {
				t.Fatalf("got %v", err)
			}
		})
	}
}
