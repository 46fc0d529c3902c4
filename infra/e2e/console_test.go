package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fitkit/infra/local/seed"
)

// TestTheConsoleShowsTheRunningPlatform opens every page of the console on real parts, in both languages.
func TestTheConsoleShowsTheRunningPlatform(t *testing.T) {
	pages := []string{"", "/functions", "/trace", "/queues", "/schedules", "/sandboxes", "/sandboxes/cardcom", "/sandboxes/clerk",
		"/sandboxes/neon", "/tokens", "/clock?org=" + a.Studio.Organization, "/api"}
	for _, f := range running.Template.Functions {
		pages = append(pages, "/functions/"+f.Name)
	}
	for _, lang := range []string{"he", "en"} {
		for _, page := range pages {
			address := running.Addresses.API + "/_dev" + page + "?lang=" + lang
			if strings.Contains(page, "?") {
				address = running.Addresses.API + "/_dev" + page + "&lang=" + lang
			}
			status, body := open(t, address)
			if status != http.StatusOK || !strings.Contains(body, `<html lang="`+lang+`"`) || strings.Contains(body, "%!") {
				t.Errorf("%s was answered %d %.300s", address, status, body)
			}
			for _, secret := range []string{running.Secrets.AppPassword, running.Secrets.SystemPassword, running.Secrets.OwnerPassword, running.Secrets.ClerkWebhook, running.Secrets.Cardcom.APIPassword} {
				if strings.Contains(body, secret) {
					t.Errorf("%s shows a secret of the platform", address)
				}
			}
		}
	}
}

func open(t *testing.T, address string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// TestTheConsoleInChromium walks the console by keyboard in both languages, see infra/local/console/browser/walk.mjs. Planted
// faults that it caught: buttons that do not show the focus, a grey that is too light, buttons without a name, and an action whose outcome
// did not get the focus.
func TestTheConsoleInChromium(t *testing.T) {
	if said, err := exec.CommandContext(t.Context(), filepath.Join(root, "infra/local/console/browser/chromium.sh")).CombinedOutput(); err != nil {
		t.Skip(strings.TrimSpace(string(said)))
	}
	record, err := json.Marshal(a.Record) // the console signs in the people of make dev's studio
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".local", "e2e", seed.FileName), record, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "-s", "console-shots", "URL="+running.Addresses.API, "SHOTS=") // no pictures
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}
