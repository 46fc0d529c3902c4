//go:build !fitkit_testhooks

package run

import "time"

// freshFor is how old the settings from the parameter store may become.
const freshFor = 10 * time.Minute
