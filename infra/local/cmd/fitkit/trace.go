package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"fitkit/infra/local/host"
)

// trace prints what a request and all the work it caused wrote.
func trace(_ context.Context, c checkout, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return errors.New("Which request? make trace ID=…; every answer has its id in the header X-Correlation-Id.")
	}
	var all []host.LogLine
	if err := readEntries(c, func(l host.LogLine) { all = append(all, l) }); err != nil {
		return err
	}
	found := host.Trace(all, args[0])
	if len(found) == 0 {
		return fmt.Errorf("No line names the correlation id %s. make logs shows what was written.", args[0])
	}
	for _, l := range found {
		fmt.Fprintln(c.out, formatEntry(l))
	}
	return nil
}

// lookAgain is how often a log that is followed is looked at.
const lookAgain = 200 * time.Millisecond

// showLogs prints the log, of one function or of all, and with -follow goes on until it is interrupted.
func showLogs(ctx context.Context, c checkout, args []string) error {
	set := flag.NewFlagSet("logs", flag.ContinueOnError)
	set.SetOutput(c.err)
	function := set.String("fn", "", "the function; all by default")
	follow := set.Bool("follow", false, "go on until Ctrl-C")
	if err := set.Parse(args); err != nil {
		return flag.ErrHelp
	}
	show := func(l host.LogLine) {
		if *function == "" || l.Function == *function {
			fmt.Fprintln(c.out, formatEntry(l))
		}
	}
	if !*follow {
		return readEntries(c, show)
	}
	f, err := os.Open(logFile(c))
	if err != nil {
		return errors.New("No function has written anything yet. Start FitKit with make dev.")
	}
	defer f.Close()
	return scanEntries(&growing{ctx, f}, show)
}

// growing is a file that is read on as it grows. It ends when the context does.
type growing struct {
	ctx  context.Context
	file *os.File
}

// Read waits for more at the file's present end.
func (g *growing) Read(b []byte) (int, error) {
	for {
		n, err := g.file.Read(b)
		if n > 0 || err != io.EOF {
			return n, err
		}
		select {
		case <-g.ctx.Done():
			return 0, io.EOF
		case <-time.After(lookAgain):
		}
	}
}
