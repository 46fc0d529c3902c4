// Package dotenv reads .env files, for every program that a developer's settings reach.
package dotenv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Read reads a file of NAME=value lines, as .env.example is written: lines that begin with # are comments, a
// leading export is allowed, values may stand in single or double quotes, and in double quotes \n is a line break.
// Outside quotes a # after a space begins a comment. Names without a value are left out. A missing file has no
// variables. Errors name the line and never the value.
func Read(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || path == "" {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	vars, number := map[string]string{}, 0
	for line := range strings.Lines(string(raw)) {
		number++
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, text, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || !variableName.MatchString(name) {
			return nil, fmt.Errorf("%s:%d is not NAME=value", path, number)
		}
		value, err := unquote(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: the value of %s %w", path, number, name, err)
		}
		if value != "" {
			vars[name] = value
		}
	}
	return vars, nil
}

func unquote(text string) (string, error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		if i := strings.Index(" "+text, " #"); i >= 0 {
			text = text[:max(0, i-1)]
		}
		return strings.TrimSpace(text), nil
	}
	value, rest, closed := strings.Cut(text[1:], text[:1])
	if rest = strings.TrimSpace(rest); !closed || rest != "" && !strings.HasPrefix(rest, "#") {
		return "", errors.New("has a quote that is not closed, or text after it")
	}
	if text[0] == '"' {
		value = strings.ReplaceAll(value, `\n`, "\n")
	}
	return value, nil
}
