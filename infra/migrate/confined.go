package migrate

import (
	"context"
	"database/sql"
	"fmt"
)

// confined refuses logins that row-level security does not hold: the policies would be there, and every studio would see all.
func confined(ctx context.Context, db *sql.DB, logins ...string) error {
	for _, login := range logins {
		var free bool
		if err := db.QueryRowContext(ctx, "select rolsuper or rolbypassrls from pg_roles where rolname = $1", login).Scan(&free); err != nil {
			return fmt.Errorf("look at the login %s: %w", login, err)
		}
		if free {
			return fmt.Errorf("the login %s is a superuser or passes row-level security by: take both away (alter role %[1]s nosuperuser nobypassrls) and migrate again", login)
		}
	}
	return nil
}
