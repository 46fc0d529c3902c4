package workflows

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheClientGoesWhereThePublisherIsSignedIn: without a scope setup-node signs in for the repository's owner, and without a registry
// of its own the package goes to npm's. Red without either, and with another scope.
func TestTheClientGoesWhereThePublisherIsSignedIn(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "clients/typescript/package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var client struct {
		Name          string
		PublishConfig struct{ Registry string }
	}
	if err := json.Unmarshal(raw, &client); err != nil {
		t.Fatal(err)
	}
	scope, _, _ := strings.Cut(client.Name, "/")
	signedIn := false
	for _, s := range all(t)["publish-shared.yml"].Jobs["publish"].Steps {
		if registry := s.With["registry-url"]; registry != "" {
			signedIn = true
			if s.With["scope"] != scope || registry != client.PublishConfig.Registry {
				t.Errorf("signed in at %q for %q; %s goes to %q", registry, s.With["scope"], client.Name, client.PublishConfig.Registry)
			}
		}
	}
	if !signedIn {
		t.Error("no step signs in at a registry")
	}
}
