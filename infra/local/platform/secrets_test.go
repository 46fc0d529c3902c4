package platform

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestSecretsAreMadeOnceAndKeptFromOthers(t *testing.T) {
	dir := t.TempDir()
	first, err := loadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadSecrets(dir)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("the second start has others: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, secretsFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first.ClerkWebhook, "whsec_"))
	if err != nil || len(key) < 24 {
		t.Errorf("the webhook secret has %d bytes (%v); Standard Webhooks asks for 24", len(key), err)
	}
	if first.AppPassword == first.SystemPassword || first.AppPassword == "" {
		t.Error("two roles share a password")
	}
}

func TestSecretsThatCannotBeReadAreNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, secretsFile)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecrets(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("said %v", err)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != "{" {
		t.Errorf("the file holds %q (%v)", kept, err)
	}
}
