package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"fitkit/infra/local/platform"
	"fitkit/infra/local/seed"
)

func urls(_ context.Context, c checkout, _ []string) error {
	a, err := platform.Running(c.dir)
	if err != nil {
		return err
	}
	fmt.Fprint(c.out, describe(a))
	return nil
}

// token prints a token alone, so that it can be taken into a command, and beside it a command to copy.
func token(ctx context.Context, c checkout, args []string) error {
	set := flag.NewFlagSet("token", flag.ContinueOnError)
	set.SetOutput(c.err)
	role := set.String("role", "owner", "owner, manager, front_desk, coach or member")
	if err := set.Parse(args); err != nil {
		return flag.ErrHelp
	}
	a, err := platform.Running(c.dir)
	if err != nil {
		return err
	}
	if a.Clerk == "" {
		return errors.New("Sign-in is at the real Clerk (CLERK_ISSUER in .env); tokens come from its pages.")
	}
	record, err := seed.Load(filepath.Join(c.dir, seed.FileName))
	if err != nil {
		return err
	}
	session, err := record.SignIn(ctx, seed.Clerk{URL: a.Clerk}, *role)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, session.JWT)
	fmt.Fprintf(c.err, "Valid for an hour, as in:\n%s\n", session.Curl(a.API))
	return nil
}

// cron runs a schedule and prints what its function answered.
func cron(ctx context.Context, c checkout, args []string) error {
	set := flag.NewFlagSet("cron", flag.ContinueOnError)
	set.SetOutput(c.err)
	slot := set.String("slot", "", "planned time, RFC 3339; now by default")
	if len(args) == 0 {
		return errors.New("Which schedule? make cron NAME=billing-plan-charges; GET /_local/crons lists them.")
	}
	if err := set.Parse(args[1:]); err != nil {
		return flag.ErrHelp
	}
	body, err := slotBody(*slot)
	if err != nil {
		return err
	}
	a, err := platform.Running(c.dir)
	if err != nil {
		return err
	}
	answer, status, err := post(ctx, a.API+"/_local/cron/"+url.PathEscape(args[0])+"/run", body)
	switch {
	case err != nil:
		return fmt.Errorf("The schedule could not be run: %w", err)
	case status == http.StatusNotFound:
		return fmt.Errorf("There is no schedule %s. GET %s/_local/crons lists them.", args[0], a.API)
	case status != http.StatusOK:
		return fmt.Errorf("The schedule failed: %s", answer)
	}
	fmt.Fprintf(c.out, "%s\n", answer)
	return nil
}

func slotBody(slot string) ([]byte, error) {
	if slot == "" {
		return []byte("{}"), nil
	}
	at, err := time.Parse(time.RFC3339, slot)
	if err != nil {
		return nil, errors.New("The slot must be a time such as 2026-11-23T04:00:00Z.")
	}
	return json.Marshal(map[string]time.Time{"slot": at})
}

func post(ctx context.Context, address string, body []byte) (answer []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return bytes.TrimSpace(answer), res.StatusCode, err
}
