//go:build fitkit_testhooks

// Package crash kills the process at a named point, in binaries built for fault tests and in no others.
package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
)

// At ends the process with SIGKILL, as a lost machine would, when CRASH_AT names this point (or is "any"), in one of
// CRASH_ONE_IN visits (1 by default).
func At(point string) {
	if at := os.Getenv("CRASH_AT"); at != point && at != "any" {
		return
	}
	oneIn, err := strconv.Atoi(os.Getenv("CRASH_ONE_IN"))
	if err == nil && oneIn > 1 && rand.IntN(oneIn) != 0 {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
