package catalog_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/job"
	"fitkit/shared/queue"
)

// TestMessagesOfFormerReleasesAreUnderstood (T18): while a deployment runs, and after a roll-back, messages of one release are
// received by another. testdata/messages holds every shape that a job's message ever had, <queue>.<n>.json, the newest with
// the highest n. A file is never changed: a member that is renamed, taken away or given another type turns this red, for
// queues hold the former name. A new job, or a new member of a payload, wants a new file; the member must be one that may be
// missing. It was seen red with charge_id renamed, with rung a string, and for a job without a file.
func TestMessagesOfFormerReleasesAreUnderstood(t *testing.T) {
	t.Parallel()
	files := map[string]bool{}
	for _, name := range goldens(t, "*") {
		files[name] = true
	}
	for _, j := range catalog.Jobs() {
		own := goldens(t, string(j.Op.Queue()))
		if len(own) == 0 {
			t.Errorf("%s has no message in testdata/messages: add %s.1.json", j.Op.Name, j.Op.Queue())
			continue
		}
		for _, name := range own {
			delete(files, name)
			was, is := understood(t, name, j)
			for member, value := range was {
				if !bytes.Equal(is[member], value) {
					t.Errorf("%s: %s is read from %s as %s: queues hold it in its former form", j.Op.Name, member, value, orNothing(is[member]))
				}
			}
			if name == own[len(own)-1] && len(is) != len(was) {
				t.Errorf("%s: its message has the members %q now, and %s has %q: add the next file, and let a message without the new ones do",
					j.Op.Name, slices.Sorted(maps.Keys(is)), name, slices.Sorted(maps.Keys(was)))
			}
		}
	}
	for name := range files {
		t.Errorf("%s is of no job: a queue that is gone may still hold such messages, so keep its job for a release, and the file as long", name)
	}
}

// goldens are the files of a queue, the newest last.
func goldens(t *testing.T, queue string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "messages", queue+".[0-9].json"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// understood is the members of a file's payload, and what they are when today's consumer has read and written them again.
func understood(t *testing.T, name string, j job.Handler) (was, is map[string]json.RawMessage) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var e queue.Envelope
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&e); err != nil || e.Version != queue.Version || e.Job.IsZero() || e.Org.IsZero() != j.Op.System || e.Correlation == "" {
		t.Fatalf("%s: the envelope is read as %+v, %v", name, e, err)
	}
	if !strings.HasPrefix(filepath.Base(name), e.Queue+".") {
		t.Errorf("%s is a message of %s", name, e.Queue)
	}
	m, err := j.Read(e.Payload)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	again, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return members(t, e.Payload), members(t, again)
}

func members(t *testing.T, object []byte) (m map[string]json.RawMessage) {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, object); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(compact.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func orNothing(text []byte) string {
	if text == nil {
		return "nothing"
	}
	return string(text)
}
