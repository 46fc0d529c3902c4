package member

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const sqlLetSignIn = `
update members set clerk_user_id = $2, version = version + 1, updated_at = now()
where org_id = app.org() and id = $1 and clerk_user_id is distinct from $2`

// LetSignIn ties a card to a user of Clerk's, who then sees that card alone. Tying it to the same user again changes nothing.
func (s *Store) LetSignIn(ctx context.Context, c tenancy.Caller, member id.Member, clerkUser string) error {
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if _, err := lock(ctx, tx, member); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlLetSignIn, member, clerkUser)
		return err
	})
	return fail.Wrap(err, "let a member sign in")
}
