package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/shared/run"
)

// scenario is a step of a deployment, or of a roll-back, held still.
type scenario struct {
	name    string
	code    func(run.Spec) code
	schema  code                // of the database at first
	migrate bool                // and it changes meanwhile
	then    func(run.Spec) code // goes on after a month; nil: there is no second one
	// exchanged is what make deploy never does: it migrates before it changes a function.
	exchanged bool
}

var scenarios = []scenario{
	{name: "old code on the new schema: a deployment after its first step, and every roll-back", code: all(oldCode), schema: newCode},
	{name: "new code on the old schema: a deployment whose steps were exchanged", code: all(newCode), schema: oldCode, exchanged: true},
	{name: "old code while the schema changes under it", code: all(oldCode), schema: oldCode, migrate: true},
	{name: "both on the new schema: a deployment after its second step", code: all(bothCodes), schema: newCode},
	{name: "old endpoints and schedules send, new workers receive", code: split(oldCode, newCode), schema: newCode},
	{name: "new endpoints and schedules send, old workers receive", code: split(newCode, oldCode), schema: newCode},
	{name: "a deployment: old code, the schema changes under it, then new code", code: all(oldCode), schema: oldCode, migrate: true, then: all(newCode)},
	{name: "a roll-back: new code, then old code with what the new one wrote", code: all(newCode), schema: newCode, then: all(oldCode)},
}

func all(c code) func(run.Spec) code { return func(run.Spec) code { return c } }

func split(senders, workers code) func(run.Spec) code {
	return func(f run.Spec) code {
		if f.Queue != nil {
			return workers
		}
		return senders
	}
}

// seed gives the demo's first twenty members cards of every fate: declined and recovered, hopeless, and answers that are lost.
const seed = "500"

// longest ends a scenario that does not get anywhere: work that nobody can do is tried again for ever.
const longest = 10 * time.Minute

// run lives a month of billing in the scenario, on stores of its own; old is the folder of the older migrations.
func (s scenario) run(ctx context.Context, old string, members int) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	data := filepath.Join(dir, "run")
	if err := platform.Reset(data); err != nil {
		return err
	}
	binaries, err := layOut("code", s.code)
	if err != nil {
		return err
	}
	args := []string{"-members", strconv.Itoa(members), "-seed", seed, "-dir", data, "-binaries", binaries}
	if s.then == nil {
		args = append(args, "-months", "1")
	} else {
		next, err := layOut("then", s.then)
		if err != nil {
			return err
		}
		args = append(args, "-months", "2", "-then", next)
	}
	if s.schema == oldCode {
		args = append(args, "-migrations", old)
	}
	if s.migrate {
		args = append(args, "-migrate")
	}
	demo := exec.CommandContext(ctx, filepath.Join(dir, "bin", "demo"), args...)
	demo.Stdout, demo.Stderr = os.Stdout, os.Stderr
	demo.Cancel = func() error { return demo.Process.Signal(os.Interrupt) }
	demo.WaitDelay = time.Minute
	err = demo.Run()
	told, readErr := failures(filepath.Join(data, "functions.log"))
	if readErr != nil {
		return readErr
	}
	for _, line := range told {
		fmt.Println("    ", line)
	}
	if err != nil {
		return fmt.Errorf("the demo did not prove its month: %w", err)
	}
	return nil
}

// failures counts what functions failed with, for whoever reads the output.
func failures(log string) (told []string, err error) {
	f, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	count := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		function, text, _ := strings.Cut(lines.Text(), " ")
		var event struct{ Level, Error string }
		if json.Unmarshal([]byte(text), &event) == nil && event.Level == "ERROR" {
			count[function+": "+event.Error]++
		}
	}
	for what, n := range count {
		told = append(told, fmt.Sprintf("%d× %.300s", n, what))
	}
	return told, lines.Err()
}
