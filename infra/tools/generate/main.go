// Command generate writes what follows from the functions' declarations: the SAM templates, the API document and the
// tables in docs. With -check it writes nothing and says which committed files differ.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "compare with what is committed instead of writing")
	root := flag.String("root", ".", "the repository's folder")
	flag.Parse()
	err := generate(*root, *check)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(root string, check bool) error {
	made, err := Files(root)
	if err != nil {
		return err
	}
	stale, err := strangers(root, made)
	if err != nil {
		return err
	}
	if check {
		return compare(root, made, stale)
	}
	return write(root, made, stale)
}

func write(root string, made map[string][]byte, stale []string) error {
	for _, name := range names(made) {
		path := filepath.Join(root, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, made[name]) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, made[name], 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", name)
	}
	for _, name := range stale {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			return err
		}
		fmt.Println("removed", name)
	}
	return nil
}

// compare names every file that differs, with the first line that does.
func compare(root string, made map[string][]byte, stale []string) error {
	var problems []string
	for _, name := range names(made) {
		committed, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(committed, made[name]) {
			problems = append(problems, difference(name, string(committed), string(made[name])))
		}
	}
	for _, name := range stale {
		problems = append(problems, name+": its domain has no functions any more")
	}
	if problems == nil {
		return nil
	}
	return fmt.Errorf("these files do not follow from the declarations; run make generate and commit the result:\n  %s",
		strings.Join(problems, "\n  "))
}

func difference(name, committed, made string) string {
	have, want := strings.Split(committed, "\n"), strings.Split(made, "\n")
	for i := range max(len(have), len(want)) {
		if line(have, i) != line(want, i) {
			return fmt.Sprintf("%s:%d\n    committed: %s\n    generated: %s", name, i+1, line(have, i), line(want, i))
		}
	}
	return name
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return strings.TrimSpace(lines[i])
	}
	return "(end of file)"
}

func names(made map[string][]byte) []string {
	var out []string
	for name := range made {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// strangers are templates of domains that are no more.
func strangers(root string, made map[string][]byte) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(root, "infra/stacks/*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, path := range found {
		name, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		if _, ok := made[filepath.ToSlash(name)]; !ok {
			out = append(out, name)
		}
	}
	return out, nil
}
