package postgres

import "context"

const sqlIsAdmin = `select exists (select from platform_admins where clerk_user_id = $1 and removed_at is null)`

// IsPlatformAdmin says whether a Clerk user is one of FitKit's own people at this moment.
func (db *SystemDB) IsPlatformAdmin(ctx context.Context, clerkUser string) (is bool, err error) {
	err = db.Across(ctx, func(tx Tx) error { return tx.QueryRow(ctx, sqlIsAdmin, clerkUser).Scan(&is) })
	return is, err
}
