package console

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fitkit/infra/local/host"
)

var (
	hebrewLetter = regexp.MustCompile(`[א-ת]`)
	latinNames   = map[string]bool{"other": true, "door.http": true, "door.socket": true}
)

// Planted faults that it caught: a text without its Hebrew, with one argument less in it, and one that nothing uses.
func TestEveryTextIsInBothLanguagesAndUsed(t *testing.T) {
	used := sources(t)
	for key, both := range texts {
		if both[0] == "" || both[1] == "" || !latinNames[key] && (!hebrewLetter.MatchString(both[0]) || hebrewLetter.MatchString(both[1])) {
			t.Errorf("%s: %q", key, both)
		}
		if strings.Count(both[0], "%") != strings.Count(both[1], "%") {
			t.Errorf("%s: one language says more: %q", key, both)
		}
		made := strings.HasPrefix(key, "nav.") || strings.HasPrefix(key, "role.") // put together from the name
		if !made && !strings.Contains(used, `"`+key+`"`) {
			t.Errorf("nothing uses %s", key)
		}
	}
	for _, m := range regexp.MustCompile(`\bt "([^"]+)"`).FindAllStringSubmatch(used, -1) {
		if _, ok := texts[m[1]]; !ok {
			t.Errorf("there is no text %s", m[1])
		}
	}
	for _, section := range sections {
		if _, ok := texts["nav."+section]; !ok {
			t.Errorf("there is no text nav.%s", section)
		}
	}
}

// counted is a number with the noun that it counts: it would need a form of its own for one, and in Hebrew for two.
var counted = regexp.MustCompile(`%[dv] (?:[א-ת]{2}|[a-z]{3})`)

// Planted fault that it caught: "The queue %s has %d dead jobs."
func TestNoTextCountsANoun(t *testing.T) {
	for key, both := range texts {
		for _, text := range both {
			if key != "function.seconds" && counted.MatchString(text) && !strings.Contains(text, "%d מתוך %d") {
				t.Errorf("%s: %q is wrong of one; say what is counted, and then the number", key, text)
			}
		}
	}
}

// sources is all templates, and the code but for the table itself.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"templates/*.html", "*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			if name == "texts.go" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

func report(function, request, status string, second int) host.LogLine {
	return host.LogLine{Function: function, RequestID: request, Time: time.Unix(int64(second), 0), Line: `{"time":"x","type":"platform.report","record":{"status":"` + status + `"}}`}
}

// Planted faults that it caught: a failure counted by each of its lines, a word ERROR far in a line taken for its level, and a
// function that still counts as broken after it has run.
func TestAFailedInvocationIsCountedOnce(t *testing.T) {
	broken := host.LogLine{Function: "c", Line: host.ErrBuild.Error() + ": syntax"}
	counted := tallies([]host.LogLine{
		{Function: "a", RequestID: "1", Line: `{"time":"2026-11-23T10:00:00Z","level":"ERROR","msg":"invocation"}`}, report("a", "1", "error", 1),
		{Function: "a", RequestID: "2", Line: `{"time":"2026-11-23T10:00:00Z","level":"INFO","msg":"` + strings.Repeat("x", 80) + `","said":{"level":"ERROR"}}`}, report("a", "2", "success", 2),
		report("a", "3", "timeout", 3), broken, {Function: "d", Line: host.ErrBuild.Error()}, report("d", "4", "success", 4),
	})
	if a := counted["a"]; a.Runs != 3 || a.Errors != 2 || !a.LastError.Equal(time.Unix(3, 0)) {
		t.Errorf("counted %+v", a)
	}
	if counted["c"].Broken == "" || counted["d"].Broken != "" {
		t.Errorf("broken: %+v, %+v", counted["c"], counted["d"])
	}
}

func TestNotesAreBounded(t *testing.T) {
	var n notes
	first := n.keep(note{Key: "note.failed"})
	if n.read(first) == nil {
		t.Fatal("nothing was kept")
	}
	for range mostNotes {
		n.keep(note{})
	}
	if n.read(first) != nil || len(n.byID) != mostNotes {
		t.Errorf("%d are kept", len(n.byID))
	}
}

// The pages stay quick with all that a host keeps.
func BenchmarkTwentyThousandLines(b *testing.B) {
	var lines []host.LogLine
	for i := range 10_000 {
		request := time.Duration(i).String()
		lines = append(lines, host.LogLine{Function: "f", RequestID: request, Line: `{"time":"2026-11-23T10:00:00Z","level":"INFO","msg":"invocation","correlation_id":"` + request + `"}`},
			report("f", request, "success", i))
	}
	b.Run("tallies", func(b *testing.B) {
		for b.Loop() {
			tallies(lines)
		}
	})
	b.Run("trace", func(b *testing.B) {
		for b.Loop() {
			host.Trace(lines, "9µs")
		}
	})
}
