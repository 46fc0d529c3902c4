// Command checkkeys says, before a deployment, whether the encryption keys that are about to be deployed open every value
// there is. It counts the values of SYSTEM_DATABASE_URL by key and compares with the rings of the environment, or of .env:
// a key in use that is in no ring refuses the deployment. Keys are shown by their ids; nothing here tells a key.
//
// With -before-migration a database that does not let the login in yet, or has no such tables, is left for the check after it:
// the migrations make both, and set the login's new password.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/infra/tools/dotenv"
	"fitkit/shared/config"
	"fitkit/shared/postgres"
	"fitkit/shared/rotation"
	"fitkit/shared/seal"
)

func main() {
	before := flag.Bool("before-migration", false, "leave a database that cannot be asked yet for later")
	flag.Parse()
	file, err := dotenv.Read(".env")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ask := check
	if *before {
		ask = checkBefore
	}
	err = ask(context.Background(), os.Stdout, func(name string) string { return cmp.Or(os.Getenv(name), file[name]) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check prints how many values each key seals, and refuses when one of those keys is not to be deployed.
func check(ctx context.Context, out io.Writer, getenv func(string) string) error {
	database, rings, err := settings(getenv)
	if err != nil {
		return err
	}
	db, err := postgres.OpenSystem(postgres.Config{URL: database.URL.Reveal(), MaxConns: 1, ExecMode: pgx.QueryExecModeExec, Application: "checkkeys"})
	if err != nil {
		return err
	}
	defer db.Close()
	uses, err := rotation.NewStore(db, rings).Usage(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COLUMN\tKEY\tVALUES\t")
	var missing error
	for _, u := range uses {
		state := ""
		switch {
		case !u.Held:
			state = "not in the ring"
			missing = errors.Join(missing, fmt.Errorf("Do not deploy: %d values of %s are sealed under key %s, which is neither %s nor in %[4]s_PREVIOUS. Put it back, and rotate before it goes (infra/runbooks/key-rotation.md).",
				u.Values, u.Column, u.Key, variables[u.Column.Ring]))
		case u.Active:
			state = "active"
		default:
			state = "previous: still needed"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", u.Column, u.Key, u.Values, state)
	}
	return errors.Join(table.Flush(), missing)
}

// checkBefore is check before the migrations: it refuses what can be refused by then.
func checkBefore(ctx context.Context, out io.Writer, getenv func(string) string) error {
	err := check(ctx, out, getenv)
	var said *pgconn.PgError
	if !errors.As(err, &said) || !slices.Contains(notYet, said.Code) {
		return err
	}
	_, err = fmt.Fprintf(out, "The database cannot be asked for its keys before its migration (%s); it is asked afterwards.\n", said.Message)
	return err
}

// notYet is what PostgreSQL says when a migration may be what is missing: the login or its new password, a schema, a table, a column.
var notYet = []string{"28000", "28P01", "3F000", "42P01", "42703"}

// variables names each ring's active key.
var variables = map[seal.RingName]string{
	seal.PaymentCredentials: "PAYMENT_CREDENTIALS_ENCRYPTION_KEY",
	seal.NationalIDs:        "NATIONAL_ID_ENCRYPTION_KEY",
}

// settings reads what the functions would, by their rules.
func settings(getenv func(string) string) (database config.SystemDatabase, rings rotation.Rings, err error) {
	payment, national, index := config.PaymentKeys{}, config.NationalIDKeys{}, config.NationalIDIndex{}
	if err := config.Read(getenv, &database, &payment, &national, &index); err != nil {
		return database, nil, err
	}
	if err := config.Guard(cmp.Or(getenv("STAGE"), "production"), &payment, &national, &index); err != nil {
		return database, nil, err
	}
	rings = rotation.Rings{}
	if rings[seal.PaymentCredentials], err = seal.NewRing(payment.Active, payment.Previous); err != nil {
		return database, nil, err
	}
	rings[seal.NationalIDs], err = seal.NewRing(national.Active, national.Previous)
	return database, rings, err
}
