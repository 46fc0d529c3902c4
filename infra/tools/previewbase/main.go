// Command previewbase makes the database that previews branch from: a branch of production in Neon, in which no row tells of a
// person or lets anybody in (columns.go), and whose roles have passwords of its own (passwords.go): a branch begins with production's,
// and hands its own to each preview. It is never told a database's address: the only one that it changes is the branch that it has
// just made, and it deletes one that it could not mask whole.
//
//	NEON_API_KEY=… NEON_PROJECT_ID=… previewbase
//
// It prints NEON_PARENT_BRANCH_ID=<id>, which becomes the repository's variable. For a stand-in it reads NEON_API_URL.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/neon"
	"fitkit/shared/retry"
)

func main() {
	n := &neon.Client{URL: cmp.Or(os.Getenv("NEON_API_URL"), "https://console.neon.tech/api/v2"), Key: os.Getenv("NEON_API_KEY"),
		Project: os.Getenv("NEON_PROJECT_ID"), Client: &http.Client{Timeout: 30 * time.Second}, Wait: retry.Wait}
	if err := run(context.Background(), n, time.Now(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run makes the branch, masks it, renews its passwords and tells its id. One that was not masked whole is deleted for good.
func run(ctx context.Context, n *neon.Client, now time.Time, out io.Writer) error {
	if n.Key == "" || n.Project == "" {
		return errors.New("set NEON_API_KEY and NEON_PROJECT_ID: the base is a branch of production's project")
	}
	name := "fitkit-preview-base-" + now.UTC().Format("20060102-150405")
	id, err := n.Create(ctx, neon.Branch{Name: name})
	if err == nil {
		err = maskBranch(ctx, n, id)
	}
	if err == nil {
		err = renew(ctx, n, id) // after the masking: it cuts the connections of before
	}
	if err != nil {
		return errors.Join(err, n.Delete(context.WithoutCancel(ctx), name, false))
	}
	_, err = fmt.Fprintf(out, "NEON_PARENT_BRANCH_ID=%s\n", id)
	return err
}

func maskBranch(ctx context.Context, n *neon.Client, id string) error {
	address, err := n.Address(ctx, id, "fitkit_owner", false)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return errors.New("the branch that was made cannot be reached: try again") // pgx's own words hold the address
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return mask(ctx, conn)
}
