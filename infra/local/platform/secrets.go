package platform

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Secrets is what a platform makes up for itself at its first start and keeps in secrets.json: passwords of its own
// stores and sandboxes, worth nothing anywhere else.
type Secrets struct {
	OwnerPassword  string         `json:"owner_password"` // of the database's roles
	AppPassword    string         `json:"app_password"`
	SystemPassword string         `json:"system_password"`
	ClerkWebhook   string         `json:"clerk_webhook"` // whsec_ and base64 of 32 bytes
	Cardcom        Terminal       `json:"cardcom"`       // the demo studio's
	Ports          map[string]int `json:"ports"`         // of the sandboxes, by name
}

// Terminal is a Cardcom terminal with its credentials.
type Terminal struct {
	Number      int    `json:"number"`
	APIName     string `json:"api_name"`
	APIPassword string `json:"api_password"`
}

// flag is how the sandbox takes it.
func (t Terminal) flag() string { return fmt.Sprintf("%d:%s:%s", t.Number, t.APIName, t.APIPassword) }

const secretsFile = "secrets.json"

// loadSecrets reads dir's secrets, and makes those that are missing.
func loadSecrets(dir string) (Secrets, error) {
	s := Secrets{Ports: map[string]int{}}
	path := filepath.Join(dir, secretsFile)
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("read the local secrets: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal(raw, &s); err != nil {
			return s, fmt.Errorf("%s cannot be read (%w). Delete it to have new local passwords made.", path, err)
		}
	}
	for _, secret := range []*string{&s.OwnerPassword, &s.AppPassword, &s.SystemPassword, &s.Cardcom.APIPassword} {
		if *secret == "" {
			*secret = rand.Text()
		}
	}
	if s.ClerkWebhook == "" {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		s.ClerkWebhook = "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	if s.Cardcom.Number == 0 {
		s.Cardcom.Number, s.Cardcom.APIName = 1000, "fitkit-dev"
	}
	return s, s.save(dir)
}

func (s Secrets) save(dir string) error { return writeFile(filepath.Join(dir, secretsFile), s) }

// writeFile replaces a file by v as JSON in one step, so that a kill leaves the old one or the new one.
func writeFile(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}
