package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const (
	sqlAppoint = `
insert into platform_admins (clerk_user_id, name) values ($1, $2)
on conflict (clerk_user_id) do update set name = excluded.name, removed_at = null`
	sqlDismiss = `update platform_admins set removed_at = now() where clerk_user_id = $1 and removed_at is null`
)

// Appoint makes a Clerk user one of FitKit's own people, whom the admin endpoints know. Only the owner of the schema may.
func Appoint(ctx context.Context, ownerURL, clerkUser, name string) error {
	_, err := asOwner(ctx, ownerURL, sqlAppoint, clerkUser, name)
	return err
}

// Dismiss takes that away; it counts on the next request. A user who was no admin is an error.
func Dismiss(ctx context.Context, ownerURL, clerkUser string) error {
	n, err := asOwner(ctx, ownerURL, sqlDismiss, clerkUser)
	if err == nil && n == 0 {
		return fmt.Errorf("%s is no admin", clerkUser)
	}
	return err
}

func asOwner(ctx context.Context, ownerURL, sql string, args ...any) (n int64, err error) {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return 0, errors.New("the database does not answer the schema's owner: check DIRECT_DATABASE_URL")
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tag, err := conn.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}
