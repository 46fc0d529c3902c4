// Command cost says what FitKit costs in a month on AWS, with all of its arithmetic: the milliseconds are measured, taken from
// the log of a run on this machine (make demo, make dev), the number of alarms, metrics and schedules is that of the
// templates, and what a studio does and what AWS asks for it are the two lists in model.go. docs/cost.md explains it.
//
//	cost -log .local/dev/logs/functions.log
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	log := flag.String("log", "", "what the functions wrote; without it the newest of make demo and make dev")
	root := flag.String("root", ".", "the repository's folder")
	flag.Parse()
	if err := run(os.Stdout, *root, *log); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, root, log string) error {
	if log == "" {
		if log = newest(filepath.Join(root, ".local/demo/functions.log"), filepath.Join(root, ".local/dev/logs/functions.log")); log == "" {
			return fmt.Errorf("nothing is measured yet: run make demo MEMBERS=20 MONTHS=1 first, then make cost")
		}
	}
	file, err := os.Open(log)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	measured, err := Measure(file)
	if err != nil {
		return err
	}
	fixed, err := Count(root)
	if err != nil {
		return err
	}
	return Report(out, measured, fixed)
}

// newest is the file that was written last, or "".
func newest(paths ...string) (path string) {
	var at int64
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.ModTime().UnixNano() > at {
			path, at = p, info.ModTime().UnixNano()
		}
	}
	return path
}
