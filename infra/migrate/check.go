package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"fitkit/migrations"
)

// Check says what would refuse Up, and changes nothing: an owner who is not let in, a login that row-level security would not
// hold, a database whose migrations are not this checkout's.
func Check(ctx context.Context, ownerURL string) error {
	return CheckOf(ctx, migrations.FS, ownerURL)
}

// CheckOf is Check with another release's migrations.
func CheckOf(ctx context.Context, files fs.FS, ownerURL string) error {
	db, p, err := open(files, ownerURL)
	if err != nil {
		return err
	}
	defer db.Close()
	var begun bool // asking for what is missing would make the table of versions where there is none
	if err := db.QueryRowContext(ctx, "select to_regclass('goose_db_version') is not null").Scan(&begun); err != nil {
		return fmt.Errorf("ask the database of DIRECT_DATABASE_URL: %w", err)
	}
	for _, login := range logins {
		if err := confined(ctx, db, login); err != nil && !errors.Is(err, sql.ErrNoRows) { // the first migration makes it
			return err
		}
	}
	if begun {
		if _, err := p.HasPending(ctx); err != nil {
			return fmt.Errorf("the database's migrations are not this checkout's: %w", err)
		}
	}
	return nil
}
