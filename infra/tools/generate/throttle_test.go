package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"gopkg.in/yaml.v3"
)

// Red without the stage's settings: whoever floods the API takes the account's concurrency and the database's connections.
func TestTheHTTPAPITakesSoManyRequestsASecond(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Parameters map[string]map[string]string `yaml:"Parameters"`
		Resources  struct {
			Stage struct {
				Properties struct {
					Limits map[string]string `yaml:"DefaultRouteSettings"`
				} `yaml:"Properties"`
			} `yaml:"HttpStage"`
		} `yaml:"Resources"`
	}
	_ = yaml.Unmarshal(raw, &root) // parameters with lists of values are passed over
	for setting, parameter := range map[string]string{"ThrottlingRateLimit": "ApiRatePerSecond", "ThrottlingBurstLimit": "ApiBurst"} {
		if got := root.Resources.Stage.Properties.Limits[setting]; got != parameter { // !Ref
			t.Errorf("%s is %q, want the parameter %s", setting, got, parameter)
		}
		if n, err := strconv.Atoi(root.Parameters[parameter]["Default"]); err != nil || n < 1 {
			t.Errorf("%s is not limited: %q", parameter, root.Parameters[parameter]["Default"])
		}
	}
}
