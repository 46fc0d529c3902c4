// Command admin makes a Clerk user one of FitKit's own people, whom the admin endpoints know, or takes that away. It works as
// the owner of the schema (DIRECT_DATABASE_URL, from the environment or .env, or the platform that runs from this folder); no
// function can do it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"fitkit/infra/local/platform"
	"fitkit/infra/migrate"
	"fitkit/infra/tools/dotenv"
)

func main() {
	user := flag.String("user", "", "Clerk's id of the person, user_…")
	name := flag.String("name", "", "who that is, for the next reader of the table")
	remove := flag.Bool("remove", false, "take the right away")
	flag.Parse()
	if err := change(context.Background(), *user, *name, *remove); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func change(ctx context.Context, user, name string, remove bool) error {
	file, err := dotenv.Read(".env")
	if err != nil {
		return err
	}
	owner := cmp.Or(os.Getenv("DIRECT_DATABASE_URL"), file["DIRECT_DATABASE_URL"])
	if owner == "" {
		if running, err := platform.Running(".local/dev"); err == nil {
			owner = running.Database
		}
	}
	switch {
	case owner == "":
		return errors.New("Start make dev, or set DIRECT_DATABASE_URL to a direct (not pooled) connection of the role that owns the schema.")
	case !strings.HasPrefix(user, "user_"):
		return errors.New("Say who, by Clerk's id: make admin USER_ID=user_… NAME=\"Dana Cohen\"")
	case remove:
		err = migrate.Dismiss(ctx, owner, user)
	case name == "":
		return errors.New("Say who that is: NAME=\"Dana Cohen\"")
	default:
		err = migrate.Appoint(ctx, owner, user, name)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s is %s FitKit admin, from the next request on.\n", user, map[bool]string{true: "no longer a", false: "a"}[remove])
	return nil
}
