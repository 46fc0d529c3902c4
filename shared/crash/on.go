//go:build fitkit_testhooks

// Package crash kills the process at a named point, in binaries built for fault tests and in no others.
package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// At obeys the first order that names this point and is drawn. An order ends the process with SIGKILL, as a lost
// machine would; with "stop " in front it stops it with SIGSTOP, as a frozen one is, until somebody continues it.
//
// Orders are CRASH_AT (a point or "any", one of CRASH_ONE_IN visits, 1 by default) and the lines of the file named by
// CRASH_FILE: "point one_in" or "any one_in". The file is read at each visit, so a test changes its mind while
// processes run. The point of each order that was obeyed becomes a line of the file named by CRASH_LOG.
func At(point string) {
	for _, o := range orders() {
		if (o.point == point || o.point == "any") && rand.IntN(o.oneIn) == 0 {
			o.obey(point)
			return
		}
	}
}

// Of obeys an order for this point of one thing alone, such as "before the call of 0195…": whatever it is that ends its process.
func Of[T fmt.Stringer](point string, thing T) {
	name := point + " of " + thing.String()
	for _, o := range orders() {
		if o.point == name {
			o.obey(name)
			return
		}
	}
}

type order struct {
	point string
	oneIn int
	stop  bool
}

func orders() []order {
	lines := []string{os.Getenv("CRASH_AT") + " " + os.Getenv("CRASH_ONE_IN")}
	if file, err := os.ReadFile(os.Getenv("CRASH_FILE")); err == nil {
		lines = append(lines, strings.Split(string(file), "\n")...)
	}
	var all []order
	for _, line := range lines {
		if o := parse(line); o.point != "" {
			all = append(all, o)
		}
	}
	return all
}

// parse reads a point's name, which may have several words, and the number behind it.
func parse(line string) order {
	o := order{oneIn: 1}
	o.point, o.stop = strings.CutPrefix(strings.TrimSpace(line), "stop ")
	if at := strings.LastIndexByte(o.point, ' '); at > 0 {
		if n, err := strconv.Atoi(o.point[at+1:]); err == nil {
			o.point, o.oneIn = o.point[:at], max(n, 1)
		}
	}
	return o
}

// takesHold is how long the kernel may need until a stop has reached every thread of the process.
const takesHold = 20 * time.Millisecond

func (o order) obey(point string) {
	note(point)
	if o.stop {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(takesHold)
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// note appends the point in one write, which lines of several processes survive whole.
func note(point string) {
	file, err := os.OpenFile(os.Getenv("CRASH_LOG"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // nobody counts
	}
	_, _ = file.WriteString(point + "\n")
	_ = file.Close()
}
