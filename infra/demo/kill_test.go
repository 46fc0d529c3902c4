package main

import (
	"slices"
	"strings"
	"testing"

	"fitkit/shared/catalog"
)

// A name that no function has is never at work, so nobody would notice that it is not killed. Seen red: with a hook's name
// misspelt, and with an endpoint among them.
func TestWhoIsKilled(t *testing.T) {
	var functions []string
	for _, f := range catalog.All() {
		functions = append(functions, f.Name)
	}
	for _, victim := range victims {
		if !slices.Contains(functions, victim) {
			t.Errorf("there is no function %s", victim)
		}
		if strings.HasPrefix(victim, "api-") {
			t.Errorf("the demo itself asks %s, and would be refused", victim)
		}
	}
}
