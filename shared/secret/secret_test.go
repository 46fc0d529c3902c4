package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "cAnArY-9f3b"

type settings struct {
	Key    Secret
	Old    []Secret
	ByName map[string]Secret
	Ptr    *Secret
}

func fixture() settings {
	s := Secret(canary)
	return settings{Key: s, Old: []Secret{s}, ByName: map[string]Secret{"a": s}, Ptr: &s}
}

func refuseLeak(t *testing.T, how, out string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))} {
		if strings.Contains(out, form) {
			t.Errorf("%s shows the secret: %s", how, out)
		}
	}
}

func TestNoVerbPrintsASecret(t *testing.T) {
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "+q", "#q", "x", "X", "# x", "d", "T", "10s", "-20v", "U", "c", "b", "e", "t"} {
		out := fmt.Sprintf("%"+verb, Secret(canary))
		refuseLeak(t, "%"+verb, out)
		if verb != "T" && out != redacted {
			t.Errorf("%%%s printed %q, want %q", verb, out, redacted)
		}
		refuseLeak(t, "%"+verb+" of a struct", fmt.Sprintf("%"+verb, fixture()))
	}
	refuseLeak(t, "Println", fmt.Sprintln(fixture(), Secret(canary)))
	refuseLeak(t, "Errorf", fmt.Errorf("bad key %v", Secret(canary)).Error())
}

func TestNoEncoderWritesASecret(t *testing.T) {
	out, err := json.Marshal(fixture())
	if err != nil {
		t.Fatal(err)
	}
	refuseLeak(t, "json", string(out))
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Info("start", "key", Secret(canary), "all", fixture(), "list", []Secret{canary})
	}
	refuseLeak(t, "slog", log.String())
	if !strings.Contains(log.String(), redacted) {
		t.Errorf("slog wrote nothing in the secret's place: %s", log.String())
	}
}

func TestASecretIsReadFromJSONAndRevealed(t *testing.T) {
	var s settings
	if err := json.Unmarshal([]byte(`{"Key":"`+canary+`"}`), &s); err != nil {
		t.Fatal(err)
	}
	if s.Key.Reveal() != canary {
		t.Fatalf("read another text of length %d", len(s.Key.Reveal()))
	}
}
