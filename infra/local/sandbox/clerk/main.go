// Command clerk plays the identity provider Clerk on a developer's machine: public keys, session
// tokens of both versions, the backend API that FitKit calls, a sign-in page that takes one fixed
// code, and signed webhooks of every change.
//
// Its keys are its own. It refuses a live secret key, so that nobody points it at real accounts.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"fitkit/infra/local/sandbox/internal/process"
)

func main() {
	ctx, stop := process.Context()
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		slog.Error("clerk sandbox ended", "error", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	addr      string
	state     string
	issuer    string
	secretKey string
	parties   []string // origins a token may name as azp; the first is the default
	webhooks  webhookOptions
}

func parseFlags(args []string) (options, error) {
	var o options
	var parties string
	set := flag.NewFlagSet("clerk", flag.ContinueOnError)
	set.StringVar(&o.addr, "addr", "127.0.0.1:0", "address to listen on")
	set.StringVar(&o.state, "state", ".local/clerk", "folder of keys and accounts")
	set.StringVar(&o.issuer, "issuer", "", "issuer of tokens (default: the listening address)")
	set.StringVar(&o.secretKey, "secret-key", "sk_test_sandbox", "secret key of the backend API")
	set.StringVar(&parties, "authorized-parties", "http://localhost:3000", "comma-separated origins; the first is a token's azp unless asked otherwise")
	set.StringVar(&o.webhooks.URL, "webhook-url", "", "where webhooks go; empty for none")
	set.StringVar(&o.webhooks.Secret, "webhook-secret", "", "signing secret, whsec_ and base64")
	set.Float64Var(&o.webhooks.RetryScale, "webhook-retry-scale", 1, "factor on the retry schedule 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	o.parties = strings.Split(parties, ",")
	return o, o.check()
}

func (o options) check() error {
	switch {
	case strings.HasPrefix(o.secretKey, "sk_live_"):
		return errors.New("-secret-key is a live key: the sandbox runs with test keys only")
	case !strings.HasPrefix(o.secretKey, "sk_test_"):
		return errors.New("-secret-key must begin with sk_test_")
	case o.webhooks.URL != "" && o.webhooks.Secret == "":
		return errors.New("-webhook-url needs -webhook-secret")
	}
	_, err := decodeSecret(o.webhooks.Secret)
	return err
}

func run(ctx context.Context, args []string) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	keys, err := loadKeys(filepath.Join(o.state, "keys.json"))
	if err != nil {
		return err
	}
	sender := newSender(o.webhooks)
	accounts, err := openStore(filepath.Join(o.state, "accounts.jsonl"), sender.enqueue)
	if err != nil {
		return err
	}
	defer accounts.close()
	listener, url, err := process.Listen(o.addr)
	if err != nil {
		return err
	}
	if o.issuer == "" {
		o.issuer = url
	}
	go sender.run(ctx)
	return process.Serve(ctx, os.Stdout, listener, url, newServer(o, keys, accounts, sender).routes())
}
