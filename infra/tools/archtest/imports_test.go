package archtest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"fitkit/infra/tools/archtest"
)

const root = "../../.."

var everything = sync.OnceValues(func() ([]archtest.Package, error) { return archtest.List(root, "./...") })

// ours is every package of this module.
func ours(t *testing.T) []archtest.Package {
	t.Helper()
	all, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	own := slices.DeleteFunc(slices.Clone(all), func(p archtest.Package) bool { return !strings.HasPrefix(p.ImportPath, archtest.Module) })
	if len(own) < 20 {
		t.Fatalf("go list found only %d packages of ours", len(own))
	}
	return own
}

// refusal says why a package may not import another, or "".
func refusal(from, to string) string {
	up, domain := archtest.Place(from)
	down, other := archtest.Place(to)
	switch {
	case up == archtest.Infra || up == archtest.TestHelp:
		return ""
	case down == archtest.TestHelp:
		return "it is for tests only"
	case down == archtest.Infra && to != "fitkit/migrations":
		return "nothing links what is in infra"
	case down == archtest.Catalog:
		return "only infra and tests read the catalogue; it links every domain"
	case up == archtest.Catalog || up == archtest.Function:
		return ""
	case up == archtest.Domain && down == archtest.Domain && domain != other:
		return "domains never import each other: declare an interface and let main join them"
	case down > up:
		return fmt.Sprintf("a %s imports nothing above it, and that is a %s", up, down)
	}
	return ""
}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range ours(t) {
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, archtest.Module) {
				continue
			}
			if why := refusal(p.ImportPath, imported); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
	}
}

func TestADomainKnowsNoTrigger(t *testing.T) {
	for _, p := range ours(t) {
		layer, domain := archtest.Place(p.ImportPath)
		if layer != archtest.Domain || strings.Count(p.ImportPath, "/") != 2 {
			continue // satellites are there to know one
		}
		for _, imported := range p.Imports {
			if l, _ := archtest.Place(imported); strings.HasPrefix(imported, archtest.Module) && l == archtest.Edge {
				t.Errorf("%s imports %s: the rules of a domain know no trigger; that belongs into %sapi, %sjob, %scron or %shook",
					p.ImportPath, imported, domain, domain, domain, domain)
			}
		}
	}
}

func TestNoFunctionLinksASandboxTheCatalogueOrATestHelper(t *testing.T) {
	for _, p := range ours(t) {
		if layer, _ := archtest.Place(p.ImportPath); layer != archtest.Function {
			continue
		}
		for _, dep := range p.Deps {
			if !strings.HasPrefix(dep, archtest.Module) {
				continue
			}
			switch layer, _ := archtest.Place(dep); layer {
			case archtest.Infra, archtest.Catalog, archtest.TestHelp, archtest.Function:
				t.Errorf("%s links %s (through %s), which is %s", p.ImportPath, dep, through(t, p.ImportPath, dep), layer)
			}
		}
	}
}

func TestSandboxesAreStrangersToTheLibrary(t *testing.T) {
	for _, p := range ours(t) {
		for _, imported := range p.Imports {
			if strings.HasPrefix(p.ImportPath, "fitkit/infra/local/sandbox/") && strings.HasPrefix(imported, "fitkit/shared/") {
				t.Errorf("%s imports %s: a sandbox plays a stranger and shares no code with us", p.ImportPath, imported)
			}
			if strings.HasPrefix(imported, "fitkit/infra/local/sandbox/") && !strings.HasPrefix(p.ImportPath, "fitkit/infra/local/sandbox/") {
				t.Errorf("%s imports %s: a sandbox is a process of its own", p.ImportPath, imported)
			}
		}
	}
}

// through is the shortest chain from one package to another, for a message that says where to cut.
func through(t *testing.T, from, to string) string {
	t.Helper()
	all, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for _, p := range all {
		imports[p.ImportPath] = p.Imports
	}
	came := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range imports[queue[0]] {
			if _, seen := came[next]; !seen {
				came[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	var chain []string
	for p := to; p != ""; p = came[p] {
		chain = append([]string{strings.TrimPrefix(p, archtest.Module)}, chain...)
	}
	return strings.Join(chain, " → ")
}
