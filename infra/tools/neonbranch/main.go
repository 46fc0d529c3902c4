// Command neonbranch gives a preview's stack a database of its own: a branch of the masked base, never of production.
//
//	STACK=fitkit-pr-12 neonbranch create    makes it anew; prints its addresses as lines of NAME=value for GITHUB_ENV
//	STACK=fitkit-pr-12 neonbranch delete
//
// It reads NEON_API_KEY, NEON_PROJECT_ID, NEON_PARENT_BRANCH_ID and, for a stand-in, NEON_API_URL.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"fitkit/shared/neon"
	"fitkit/shared/retry"
)

func main() {
	n := &neon.Client{URL: cmp.Or(os.Getenv("NEON_API_URL"), "https://console.neon.tech/api/v2"), Key: os.Getenv("NEON_API_KEY"),
		Project: os.Getenv("NEON_PROJECT_ID"), Client: &http.Client{Timeout: 30 * time.Second}, Wait: retry.Wait}
	if err := run(context.Background(), n, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var previewStack = regexp.MustCompile(`^fitkit-pr-[1-9][0-9]{0,7}$`)

func run(ctx context.Context, n *neon.Client, args []string, getenv func(string) string, out, log io.Writer) error {
	stack, parent := getenv("STACK"), getenv("NEON_PARENT_BRANCH_ID")
	switch {
	case !previewStack.MatchString(stack):
		return errors.New("only previews have branches of their own: set STACK=fitkit-pr-<number of the pull request>")
	case n.Key == "" || n.Project == "":
		return errors.New("set NEON_API_KEY and NEON_PROJECT_ID, a key of the project that holds the previews' base")
	case len(args) != 1 || args[0] != "create" && args[0] != "delete":
		return errors.New("say create or delete")
	case args[0] == "delete":
		return n.Delete(ctx, stack, true)
	case parent == "":
		return errors.New("set NEON_PARENT_BRANCH_ID to the masked base branch; a preview never starts from production")
	}
	// A branch of an earlier push goes: it may have a migration that was changed since, and an end that comes too soon.
	if err := n.Delete(ctx, stack, false); err != nil {
		return err
	}
	id, err := n.Create(ctx, neon.Branch{Name: stack, Parent: parent, Expires: time.Now().AddDate(0, 0, 7)})
	if err != nil {
		return err
	}
	for _, a := range addresses {
		uri, err := n.Address(ctx, id, a.role, a.pooled)
		if err != nil {
			return err
		}
		fmt.Fprintf(log, "::add-mask::%s\n", uri) // the runner hides it in every later line of its log
		fmt.Fprintf(out, "%s=%s\n", a.variable, uri)
	}
	return nil
}

// addresses are the roles of the migrations' logins; only the schema's owner needs a connection that is not pooled.
var addresses = []struct {
	variable, role string
	pooled         bool
}{
	{"DATABASE_URL", "fitkit_app", true},
	{"SYSTEM_DATABASE_URL", "fitkit_system", true},
	{"DIRECT_DATABASE_URL", "fitkit_owner", false},
}
