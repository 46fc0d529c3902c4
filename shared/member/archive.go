package member

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const (
	sqlTies = `
select exists (select from memberships where org_id = app.org() and (member_id = $1 or payer_id = $1) and state <> 'ended'),
  exists (select from charges where org_id = app.org() and member_id = $1 and state in ('due', 'in_flight', 'failed'))`
	sqlArchive = `
update members set status = 'archived', archived_at = app.business_now(), version = version + 1, updated_at = now()
where org_id = app.org() and id = $1
returning version, updated_at, archived_at`
)

// Archive takes a member off the studio's lists; their past stays. It frees their phone for another card and ends their
// sign-in here. Refused while they hold or pay for a membership, or have an unsettled charge. The lock on the card also
// waits for a sale that is being made to them. A member who is archived already stays so.
func (s *Store) Archive(ctx context.Context, c tenancy.Caller, member id.Member) (m Member, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if m, err = lock(ctx, tx, member); err != nil || m.Status == "archived" {
			return err
		}
		var holds, owes bool
		if err := tx.QueryRow(ctx, sqlTies, member).Scan(&holds, &owes); err != nil {
			return err
		}
		switch {
		case holds:
			return ErrLiveMembership
		case owes:
			return ErrOpenCharge
		}
		m.Status = "archived"
		if err := tx.QueryRow(ctx, sqlArchive, member).Scan(&m.Version, &m.UpdatedAt, &m.ArchivedAt); err != nil {
			return err
		}
		return event(ctx, tx, member, "member.archived", nil)
	})
	return m, fail.Wrap(err, "archive member")
}
