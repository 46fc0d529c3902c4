// Package migrate brings a database to the schema of this checkout.
package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"

	"fitkit/migrations"
)

// Logins are the roles that functions log in with, and their passwords.
type Logins struct{ App, System string }

// Up applies the migrations that are missing, as the owner of the database, and sets the logins' passwords
// (an empty one is left as it is). A dialled pooler will not do: migrations want a direct connection.
func Up(ctx context.Context, ownerURL string, logins Logins) error {
	db, err := sql.Open("pgx", ownerURL)
	if err != nil {
		return fmt.Errorf("the migrations' database URL cannot be read")
	}
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	if err := confined(ctx, db, "fitkit_app", "fitkit_system"); err != nil {
		return err
	}
	return setPasswords(ctx, db, logins)
}

func setPasswords(ctx context.Context, db *sql.DB, logins Logins) error {
	for role, password := range map[string]string{"fitkit_app": logins.App, "fitkit_system": logins.System} {
		if password == "" {
			continue
		}
		var quoted string
		if err := db.QueryRowContext(ctx, "select quote_literal($1::text)", password).Scan(&quoted); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, "alter role "+pgx.Identifier{role}.Sanitize()+" password "+quoted); err != nil {
			return fmt.Errorf("set the password of %s: %w", role, err)
		}
	}
	return nil
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
