package dotenv_test

import (
	"maps"
	"strings"
	"testing"

	"fitkit/infra/tools/dotenv"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want map[string]string
	}{
		"a plain line":                          {"A=b", map[string]string{"A": "b"}},
		"a comment and an empty line":           {"# A=b\n\nB=c", map[string]string{"B": "c"}},
		"a value with an equals sign":           {"A=postgres://x?a=b", map[string]string{"A": "postgres://x?a=b"}},
		"quotes keep a hash":                    {"A='b #c'", map[string]string{"A": "b #c"}},
		"a comment after a value":               {"A=b # why", map[string]string{"A": "b"}},
		"a PEM on one line":                     {`A="x\ny"`, map[string]string{"A": "x\ny"}},
		"an empty value":                        {"A=", map[string]string{"A": ""}},
		"export as shells write it":             {"export A=b", map[string]string{"A": "b"}},
		"the last of two wins, as in shells":    {"A=b\nA=c", map[string]string{"A": "c"}},
		"a file that was saved on Windows":      {"A=b\r\nB=c\r\n", map[string]string{"A": "b", "B": "c"}},
		"a lone quote belongs to the value":     {`A="`, map[string]string{"A": `"`}},
		"spaces around the equals sign go away": {"A = b", map[string]string{"A": "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dotenv.Parse(strings.NewReader(tc.text))
			if err != nil || !maps.Equal(got, tc.want) {
				t.Errorf("%v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestAnUnreadableLineIsNamedByItsNumberOnly(t *testing.T) {
	_, err := dotenv.Parse(strings.NewReader("A=b\nhunter2 is my password"))
	if err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
