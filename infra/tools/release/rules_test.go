package main

import (
	"testing"

	"fitkit/shared/config"
)

// Whoever adds a parameter that no function reads says by which rule it is refused in time. Red with a rule left out, and with one of
// a parameter that is no more.
func TestEverySettingThatOnlyTheTemplateKnowsHasARule(t *testing.T) {
	r := &Release{Getenv: func(string) string { return "" }, Root: "../../..", stage: "production"}
	takes, _, err := r.parameters()
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range config.All() {
		for _, v := range config.Variables(section) {
			delete(takes, v.Name)
		}
	}
	delete(takes, atOnce) // which told refuses
	for _, one := range rules {
		if _, ok := takes[one.variable]; !ok {
			t.Errorf("%s has a rule, and is no parameter or read by functions", one.variable)
		}
		delete(takes, one.variable)
	}
	for variable := range takes {
		t.Errorf("%s has no rule", variable)
	}
}
