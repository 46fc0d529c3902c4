package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/tenancy"
)

// people are the callers of the matrix's rows.
func people() []string {
	var roles []string
	for _, r := range tenancy.People {
		roles = append(roles, string(r))
	}
	return roles
}

// TestEveryRouteAnswersEveryRoleAsStated sends a valid request to every route as every role, as nobody, and as people of
// another studio who claim to act in this one. Whoever may call it must not be told that the studio does not exist either.
// Seen red: with coaches locked out of their studio where they may call.
func TestEveryRouteAnswersEveryRoleAsStated(t *testing.T) {
	input := nothing() // a refusal for the role comes first, and what is allowed does no harm
	for _, op := range operations(t) {
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			for _, role := range people() {
				got := input.request(op).as(a, role).send(t)
				switch allowed := len(op.Security) == 0 || slices.Contains(op.Roles, role); {
				case allowed && (got.status == 401 || got.status >= 500 || got.code() == "auth.role_not_allowed" || got.code() == op.absent()):
					t.Errorf("%s may call it and was answered %s\n%s", role, got, written.about(got.text("correlation_id")))
				case op.admins() && (got.status != 404 || got.code() != op.absent()):
					t.Errorf("it is FitKit's own, and %s was answered %s", role, got)
				case !allowed && !op.admins() && (got.status != 403 || got.code() != "auth.role_not_allowed"):
					t.Errorf("%s may not call it and was answered %s", role, got)
				}
			}
			if op.admins() {
				if got := input.request(op).as(a, platformAdmin).send(t); got.status == 401 || got.code() == op.absent() || got.status >= 500 {
					t.Errorf("an admin was answered %s\n%s", got, written.about(got.text("correlation_id")))
				}
			}
			if len(op.Security) == 0 {
				return
			}
			if got := input.request(op).send(t); got.status != 401 || got.code() != "auth.sign_in" {
				t.Errorf("nobody was answered %s", got)
			}
			for _, role := range []string{"owner", "member"} {
				got := input.request(op).as(b, role).with("FitKit-Org", a.Org).send(t)
				if got.status != 404 || got.code() != op.absent() {
					t.Errorf("the other studio's %s was answered %s", role, got)
				}
			}
		})
	}
}

// TestTheMatrixIsTheSameWhereverItIsWritten: the catalogue, the API document and the table for people agree.
func TestTheMatrixIsTheSameWhereverItIsWritten(t *testing.T) {
	table, documented := functionTable(t), map[string]*operation{}
	for _, op := range operations(t) {
		documented[op.ID] = op
	}
	for _, e := range catalog.Endpoints() {
		var stated []string
		for _, r := range e.Op.Roles {
			stated = append(stated, string(r))
		}
		op, row := documented[e.Op.Name], table[e.Op.Name]
		if op == nil || row == nil {
			t.Errorf("%s is not in docs/openapi.yaml and docs/functions.md: make generate", e.Op.Name)
			continue
		}
		delete(documented, e.Op.Name)
		delete(table, e.Op.Name)
		if e.Op.Public != (len(op.Security) == 0) || e.Op.Public != slices.Contains(row, "public") {
			t.Errorf("%s: whether it needs a sign-in is not the same everywhere", e.Op.Name)
		}
		row = slices.DeleteFunc(row, func(cell string) bool { return cell == "public" })
		for _, role := range append(people(), platformAdmin) {
			if in := slices.Contains(stated, role); in != slices.Contains(op.Roles, role) || in != slices.Contains(row, role) {
				t.Errorf("%s: whether %s may call it is not the same everywhere", e.Op.Name, role)
			}
		}
	}
	for name := range documented {
		t.Errorf("docs/openapi.yaml has %s, which the catalogue does not", name)
	}
	for name := range table {
		t.Errorf("docs/functions.md has %s, which the catalogue does not", name)
	}
}

// functionTable reads the endpoints of docs/functions.md: the roles that are ticked, and "public".
func functionTable(t *testing.T) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "docs", "functions.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "## Endpoints")
	rest, _, _ = strings.Cut(rest, "\n## ")
	table := map[string][]string{}
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		name, _, ok := strings.Cut(strings.TrimSpace(cells[min(1, len(cells)-1)]), "<br>")
		if !ok {
			continue
		}
		roles := []string{}
		for i, role := range append(people(), platformAdmin) {
			switch strings.TrimSpace(cells[3+i]) {
			case "✓":
				roles = append(roles, role)
			case "○":
				roles = append(roles, "public")
			}
		}
		table[name] = roles
	}
	if len(table) == 0 {
		t.Fatal("docs/functions.md has no table of endpoints")
	}
	return table
}
