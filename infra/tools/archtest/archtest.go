// Package archtest holds the direction of imports: function → edge → domain → platform → leaf. It asks the go command
// what imports what, so it cannot be fooled by a name.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Package is what go list says of one package; tests' imports are left out.
type Package struct {
	ImportPath string
	Imports    []string
	Deps       []string // all of them, through others too
}

// List asks the go command about the packages that pattern matches in the module at root.
func List(root, pattern string) ([]Package, error) {
	var out, complaint bytes.Buffer
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", pattern)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.Bytes())
	}
	var list []Package
	for dec := json.NewDecoder(&out); ; {
		var p Package
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
}

// Module is the prefix of our own packages.
const Module = "fitkit/"

// Layer is a floor of the house. A package may import its own floor and those below.
type Layer int

// The floors, from the ground up.
const (
	Leaf     Layer = iota // no words of the business, no outside system
	Platform              // one outside system each
	Edge                  // one trigger each
	Domain                // rules, stores, and their endpoints
	Catalog               // the list of all
	Function              // a main
	Infra                 // builds, runs and checks the rest; nothing links it
	TestHelp              // for tests only
)

var layerNames = [...]string{"leaf", "platform", "edge", "domain", "catalogue", "function", "infra", "test helper"}

func (l Layer) String() string { return layerNames[l] }

var (
	leaves    = words("fail id money civil clock crash secret nationalid phone name vectors payment schedule retry")
	platforms = words("config need run obs postgres queue blob tenancy auth seal ssm webhook cardcom neon management")
	edges     = words("api hook job cron socket")
)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}

// Place says on which floor one of our packages lives, and of which domain it is. A folder of shared that is in no
// other list is a domain.
func Place(path string) (layer Layer, domain string) {
	parts := strings.Split(strings.TrimPrefix(path, Module), "/")
	last := parts[len(parts)-1]
	switch {
	case parts[0] == "functions":
		return Function, ""
	case parts[0] != "shared":
		return Infra, ""
	case strings.HasSuffix(last, "test"):
		return TestHelp, ""
	case parts[1] == "catalog":
		return Catalog, ""
	case len(parts) > 2 && !strings.HasPrefix(last, parts[1]):
		return layerOf(parts[1]), parts[1]
	case len(parts) > 2: // billingapi, outboxcron: a satellite links an edge
		return Domain, parts[1]
	}
	return layerOf(parts[1]), parts[1]
}

func layerOf(folder string) Layer {
	switch {
	case leaves[folder]:
		return Leaf
	case platforms[folder]:
		return Platform
	case edges[folder]:
		return Edge
	}
	return Domain
}
