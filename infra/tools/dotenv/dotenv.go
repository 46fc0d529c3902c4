// Package dotenv reads files of NAME=value lines, such as .env.
package dotenv

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

var assignment = regexp.MustCompile(`^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$`)

// Parse reads the variables of a file. Lines that begin with # say nothing; quotes around a value are taken off, and
// \n inside double quotes is a line's end. An unreadable line is an error that names its number, never its text.
func Parse(r io.Reader) (map[string]string, error) {
	vars := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := assignment.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d is not NAME=value", n)
		}
		vars[m[1]] = unquote(m[2])
	}
	return vars, lines.Err()
}

func unquote(v string) string {
	if len(v) >= 2 && v[0] == v[len(v)-1] {
		switch v[0] {
		case '"':
			return strings.ReplaceAll(v[1:len(v)-1], `\n`, "\n")
		case '\'':
			return v[1 : len(v)-1]
		}
	}
	if before, _, ok := strings.Cut(v, " #"); ok {
		return strings.TrimSpace(before)
	}
	return v
}
