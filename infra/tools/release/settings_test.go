package main

import (
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

// SAM has CloudFormation keep the value of a parameter that it is not given, so a setting that was taken out of the store counted for
// ever. Red with what has no setting left out.
func TestEveryParameterOfTheTemplateIsWritten(t *testing.T) {
	for _, stage := range []string{"preview", "staging", "production"} {
		root, file := repository(t, stage), filepath.Join(t.TempDir(), "p.yaml")
		if _, err := release(t, &account{settings: whole(stage, nil)}, root, stage, map[string]string{"STACK": "fitkit-pr-12"}, "parameters", "-out", file); err != nil {
			t.Fatal(err)
		}
		written, declared := map[string]string{}, struct {
			Parameters map[string]struct {
				Default string `yaml:"Default"`
			} `yaml:"Parameters"`
		}{}
		for name, into := range map[string]any{file: &written, filepath.Join(root, built): &declared} {
			if raw, err := os.ReadFile(name); err != nil || yaml.Unmarshal(raw, into) != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for name := range declared.Parameters {
			if _, ok := written[name]; !ok {
				t.Errorf("%s: %s is not written", stage, name)
			}
		}
		if len(written) != len(declared.Parameters) {
			t.Errorf("%s: %d parameters are written, and the template has %d", stage, len(written), len(declared.Parameters))
		}
		if got, want := written["LogRetentionDays"], declared.Parameters["LogRetentionDays"].Default; got != want {
			t.Errorf("%s: without a setting LogRetentionDays is %q, not the template's %q", stage, got, want)
		}
	}
}
