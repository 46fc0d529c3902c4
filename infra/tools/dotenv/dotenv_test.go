package dotenv_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fitkit/infra/tools/dotenv"
)

func TestDotEnvIsReadAsExampleIsWritten(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want map[string]string
	}{
		"a name and its value":                      {"STAGE=local\n", map[string]string{"STAGE": "local"}},
		"comments and empty lines are passed over":  {"# STAGE=production\n\nPORT=3002", map[string]string{"PORT": "3002"}},
		"a comment may follow a value":              {"PORT=3002 # ours\n", map[string]string{"PORT": "3002"}},
		"a # inside a value belongs to it":          {"A=b#c\n", map[string]string{"A": "b#c"}},
		"a name without a value counts as not set":  {"A=\nB=\"\"\nC= # none\n", map[string]string{}},
		"quotes keep spaces and # signs":            {"A=' b # c '\nB=\" d \" # e\n", map[string]string{"A": " b # c ", "B": " d "}},
		"double quotes hold line breaks":            {`KEY="a\nb"`, map[string]string{"KEY": "a\nb"}},
		"single quotes hold everything as it is":    {`KEY='a\nb'`, map[string]string{"KEY": `a\nb`}},
		"a value may hold further = signs":          {"URL=postgres://u:p@h/d?sslmode=disable", map[string]string{"URL": "postgres://u:p@h/d?sslmode=disable"}},
		"lines of a shell script and of Windows":    {"\ufeffexport A=b\r\nC=d\r\n", map[string]string{"A": "b", "C": "d"}},
		"the last of two lines for one name counts": {"A=b\nA=c", map[string]string{"A": "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dotenv.Read(envFile(t, tc.text))
			if err != nil || !maps.Equal(got, tc.want) {
				t.Errorf("read %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestALineThatIsNoVariableIsNamedWithoutItsValue(t *testing.T) {
	for name, text := range map[string]string{
		"no equals sign":          "# first\nhush-hush\n",
		"a name with a space":     "\nMY NAME=hush-hush\n",
		"a quote that stays open": "\nKEY=\"hush-hush\n",
		"text after the quote":    "\nKEY='hush'-hush\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := envFile(t, text)
			_, err := dotenv.Read(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+":2") || strings.Contains(err.Error(), "hush") {
				t.Errorf("said %v", err)
			}
		})
	}
}

func TestAMissingDotEnvHasNoVariables(t *testing.T) {
	got, err := dotenv.Read(filepath.Join(t.TempDir(), ".env"))
	if err != nil || len(got) != 0 {
		t.Errorf("read %v, %v", got, err)
	}
}

func envFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
