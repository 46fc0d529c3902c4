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

// A registry takes a version once. Red when the step is left out or comes after the publication, when a version that is there was let
// through, when one that only begins alike was refused, when the first publication was refused for want of the package, and when a
// registry that does not answer was taken for an empty one.
func TestAVersionIsPublishedOnce(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "clients/typescript/package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var client struct{ Name, Version string }
	if err := json.Unmarshal(raw, &client); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ npm, says string }{
		"a new version":                    {`echo '["0.0.1", "` + client.Version + `-beta"]'`, ""},
		"the first version":                {`echo '{"error": {"code": "E404"}}'; exit 1`, ""},
		"a version that is there":          {`echo '["0.0.1", "` + client.Version + `"]'`, client.Name + " " + client.Version + " is published already: raise the version by npm"},
		"the only version that is there":   {`echo '"` + client.Version + `"'`, "is published already"},
		"a registry that knows no sign-in": {`echo '{"error": {"code": "E401"}}'; exit 1`, "does not say which versions of " + client.Name + " it has"},
	} {
		t.Run(name, func(t *testing.T) {
			path, calls := programs(t, map[string]string{"npm": tc.npm})
			out, err := script(t, t.TempDir(), "infra/tools/client/unpublished.sh", []string{"PATH=" + path})
			if (err == nil) != (tc.says == "") || !strings.Contains(out, tc.says) {
				t.Errorf("ended with %v: %s", err, out)
			}
			if got := noted(t, calls); !strings.HasPrefix(got, "npm view "+client.Name+" versions --json --registry https://") {
				t.Errorf("called %s", got)
			}
		})
	}
	asked, published := -1, -1
	for i, s := range all(t)["publish-shared.yml"].Jobs["publish"].Steps {
		switch {
		case s.Run == "make client-new" && s.Env["NODE_AUTH_TOKEN"] != "":
			asked = i
		case strings.HasPrefix(s.Run, "npm publish"):
			published = i
		}
	}
	if asked < 0 || published < asked {
		t.Errorf("the version is looked at in step %d, and published in step %d", asked, published)
	}
}
