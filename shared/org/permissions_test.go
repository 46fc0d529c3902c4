package org_test

import (
	"slices"
	"strings"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// What get-me promises is what the routes do, for every route there is.
func TestPermissionsAreTheCatalogues(t *testing.T) {
	for _, role := range tenancy.People {
		want := []string{}
		for _, e := range catalog.Endpoints() {
			if slices.Contains(e.Op.Roles, role) {
				want = append(want, strings.TrimPrefix(e.Op.Name, "api-"))
			}
		}
		slices.Sort(want)
		if got := org.Permissions(role); !slices.Equal(got, want) {
			t.Errorf("%s: shared/org/permissions.go says\n%q, the routes say\n%q", role, got, want)
		}
	}
}
