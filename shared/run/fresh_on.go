//go:build fitkit_testhooks

package run

import (
	"os"
	"time"
)

// freshFor is how old the settings from the parameter store may become: in binaries for tests, as long as SETTINGS_FRESH_FOR says.
var freshFor = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("SETTINGS_FRESH_FOR")); err == nil {
		return d
	}
	return 10 * time.Minute
}()
