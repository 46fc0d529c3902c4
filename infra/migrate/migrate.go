// Package migrate brings a database to the schema of this checkout.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"

	"fitkit/migrations"
)

// Logins are the roles that functions log in with, and their passwords.
type Logins struct{ App, System string }

const (
	// lockTimeout is how long a migration waits for a table, and with it everybody who comes after it in the table's line.
	lockTimeout = "5s"
	// tries is how often a migration that got no table is begun anew: whoever held it for long is gone, or the deployment stops.
	tries = 5
	// passwordTries is more: others on the server may be changing the same two roles for as long as they migrate.
	passwordTries = 25
	// pause keeps two that change the same roles from meeting again.
	pause = 200 * time.Millisecond
)

// crowded says that the same may go well the next time: somebody held a table, or another database of the server was migrated at
// the same moment, whose roles are the server's.
func crowded(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Code {
	case "55P03", "40P01": // no table, or a deadlock that had to end
		return true
	case "42710", "23505": // the role was made meanwhile
		return refused.Code == "42710" || refused.ConstraintName == "pg_authid_rolname_index"
	}
	return strings.Contains(refused.Message, "tuple concurrently updated")
}

// Up applies the migrations that are missing, as the owner of the database, and sets the logins' passwords
// (an empty one is left as it is). A dialled pooler will not do: migrations want a direct connection.
func Up(ctx context.Context, ownerURL string, logins Logins) error {
	return Apply(ctx, migrations.FS, ownerURL, logins)
}

// Apply is Up with another release's migrations.
func Apply(ctx context.Context, files fs.FS, ownerURL string, passwords Logins) error {
	db, p, err := open(files, ownerURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := up(ctx, p); err != nil {
		return err
	}
	if err := confined(ctx, db, logins...); err != nil {
		return err
	}
	return setPasswords(ctx, db, passwords)
}

// logins are the names of those roles.
var logins = []string{"fitkit_app", "fitkit_system"}

func open(files fs.FS, ownerURL string) (*sql.DB, *goose.Provider, error) {
	c, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		return nil, nil, fmt.Errorf("the migrations' database URL cannot be read")
	}
	c.RuntimeParams["lock_timeout"] = lockTimeout
	db := stdlib.OpenDB(*c)
	p, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, p, nil
}

// up applies what is missing, each migration in a transaction of its own. When one fails, the error names those that stay.
func up(ctx context.Context, p *goose.Provider) (err error) {
	var stay []string
	for range tries {
		_, err = p.Up(ctx)
		var stopped *goose.PartialError
		if errors.As(err, &stopped) {
			for _, m := range stopped.Applied {
				stay = append(stay, m.Source.Path)
			}
		}
		if !crowded(err) {
			break
		}
		time.Sleep(rand.N(pause))
	}
	if err != nil && len(stay) > 0 {
		return fmt.Errorf("%w (applied before it, and staying: %s)", err, strings.Join(stay, ", "))
	}
	return err
}

// setPasswords sets both or none.
func setPasswords(ctx context.Context, db *sql.DB, logins Logins) (err error) {
	for range passwordTries {
		if err = setBoth(ctx, db, logins); !crowded(err) {
			break
		}
		time.Sleep(rand.N(pause))
	}
	return err
}

func setBoth(ctx context.Context, db *sql.DB, logins Logins) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, login := range [][2]string{{"fitkit_app", logins.App}, {"fitkit_system", logins.System}} {
		role, password := login[0], login[1]
		if password == "" {
			continue
		}
		var quoted string
		if err := tx.QueryRowContext(ctx, "select quote_literal($1::text)", password).Scan(&quoted); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "alter role "+pgx.Identifier{role}.Sanitize()+" password "+quoted); err != nil {
			return fmt.Errorf("set the password of %s: %w", role, err)
		}
	}
	return tx.Commit()
}

// WithUser is url with another user, password and database; empty ones are kept.
func WithUser(databaseURL, user, password, database string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", fmt.Errorf("the database URL cannot be read")
	}
	if user != "" {
		u.User = url.UserPassword(user, password)
	}
	if database != "" {
		u.Path = "/" + database
	}
	return u.String(), nil
}
