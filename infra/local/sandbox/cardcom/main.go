// Command cardcom plays the payment gateway Cardcom on a developer's machine: the v11 JSON
// operations that FitKit calls, the hosted card page, its webhooks, and a ledger of its own that
// proofs compare with FitKit's. Cards behave by number (cards.go); no money moves anywhere.
//
// It keeps the last four digits, the expiry and the token of a card, never its number or CVV.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

func main() {
	ctx, stop := process.Context()
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("cardcom sandbox ended", "error", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	addr      string
	publicURL string
	state     string
	sync      bool
	latency   time.Duration
	hang      time.Duration
	terminals []terminal
	webhooks  webhookOptions
}

func parseFlags(args []string) (options, error) {
	var o options
	set := flag.NewFlagSet("cardcom", flag.ContinueOnError)
	set.StringVar(&o.addr, "addr", "127.0.0.1:0", "address to listen on")
	set.StringVar(&o.publicURL, "public-url", "", "root URL put into hosted-page addresses (default: the listening address)")
	set.StringVar(&o.state, "state", ".local/cardcom", "folder of the ledger")
	set.BoolVar(&o.sync, "sync", false, "flush the ledger to the device, so that it survives a loss of power and not only kill -9")
	set.DurationVar(&o.latency, "latency", 0, "time each API answer takes")
	set.DurationVar(&o.hang, "hang", time.Minute, "how long a timeout card holds the connection before it is cut")
	set.Func("terminal", "number:apiName:apiPassword; may be repeated", func(v string) error {
		t, err := parseTerminal(v)
		o.terminals = append(o.terminals, t)
		return err
	})
	set.DurationVar(&o.webhooks.Delay, "webhook-delay", 0, "time from payment to the first webhook")
	set.DurationVar(&o.webhooks.Late, "webhook-late", 20*time.Second, "additional time of a late webhook")
	set.Float64Var(&o.webhooks.RetryScale, "webhook-retry-scale", 1, "factor on the retry schedule 1, 2, 2, 16, 60 min, 12 h, 12 h")
	return o, set.Parse(args)
}

// parseTerminal reads number:apiName:apiPassword.
func parseTerminal(v string) (terminal, error) {
	number, names, found := strings.Cut(v, ":")
	name, password, both := strings.Cut(names, ":")
	n, err := strconv.Atoi(number)
	t := terminal{Number: n, APIName: name, APIPassword: password}
	if err != nil || !found || !both {
		return t, fmt.Errorf("%q is not number:apiName:apiPassword", v)
	}
	return t, t.check()
}

func run(ctx context.Context, args []string) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	book, err := openLedger(filepath.Join(o.state, "ledger.jsonl"), o.sync)
	if err != nil {
		return err
	}
	defer book.close()
	for _, t := range o.terminals {
		if err := book.putTerminal(t); err != nil {
			return err
		}
	}
	listener, url, err := process.Listen(o.addr)
	if err != nil {
		return err
	}
	if o.publicURL == "" {
		o.publicURL = url
	}
	fields, err := loadDeclared()
	if err != nil {
		return err
	}
	s := newServer(o, book, fields)
	s.webhooks.resume(book.unreported())
	return process.Serve(ctx, os.Stdout, listener, url, s.routes())
}
