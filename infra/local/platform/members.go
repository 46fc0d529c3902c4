package platform

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// SignInMember lets a Clerk user in as a member of an organisation. No endpoint does it before members can be invited,
// so it is done here as the functions would: as their role, inside the organisation.
func (p *Platform) SignInMember(ctx context.Context, org, member, clerkUser string) (err error) {
	conn, err := pgx.Connect(ctx, p.Variables["DATABASE_URL"])
	if err != nil {
		return fmt.Errorf("let a member sign in: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('app.org_id', $1, true)", org); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, "update members set clerk_user_id = $2 where org_id = app.org() and id = $1", member, clerkUser)
		if err == nil && done.RowsAffected() != 1 {
			err = fmt.Errorf("the organisation has no member %s", member)
		}
		return err
	})
}
