package org

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Person is somebody who works, or worked, at the studio.
type Person struct {
	ID          id.Staff
	Name, Email string // as Clerk has them; may be empty
	Role        tenancy.Role
	Status      string // active, removed
	Since       time.Time
}

const (
	personColumns = `id, name, email, role, status, created_at`
	sqlListStaff  = `
select ` + personColumns + ` from staff
where org_id = app.org() and ($1::uuid is null or id > $1) and ($2 = 'all' or status = $2)
order by id limit $3`
)

// ListStaff is up to limit people in the order they came, after the given one (zero: from the start). status is active,
// removed or all.
func (s *Store) ListStaff(ctx context.Context, c tenancy.Caller, status string, after id.Staff, limit int) (people []Person, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlListStaff, after, status, limit).Query(func(rows pgx.Rows) (err error) {
		people, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Person, error) { return scanPerson(row) })
		return err
	})
	_, err = s.db.ReadInOrg(ctx, c, b)
	return people, fail.Wrap(err, "list staff")
}

func scanPerson(row pgx.Row) (p Person, err error) {
	err = row.Scan(&p.ID, &p.Name, &p.Email, &p.Role, &p.Status, &p.Since)
	return p, err
}

// A removal is dated, so that Clerk's older news of the same person does not undo it.
const sqlUpdateStaff = `
update staff set role = coalesce($2, role), status = coalesce($3, status), version = version + 1,
  clerk_updated_at = case when $3 = 'removed' then greatest(clerk_updated_at, now()) else clerk_updated_at end
where org_id = app.org() and id = $1
returning ` + personColumns

// UpdateStaff sets a person's role and status; nil leaves as it is. It counts from the person's next request.
// ErrLastOwner when the studio would be left without an owner.
func (s *Store) UpdateStaff(ctx context.Context, c tenancy.Caller, person id.Staff, role, status *string) (p Person, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		p, err = scanPerson(tx.QueryRow(ctx, sqlUpdateStaff, person, role, status))
		switch {
		case postgres.NoRows(err):
			return ErrStaffNotFound
		case postgres.Violates(err, "staff_last_owner"):
			return ErrLastOwner
		case err != nil:
			return err
		}
		return audit(ctx, tx, "staff.updated", "staff", p.ID.String(), map[string]any{"role": p.Role, "status": p.Status})
	})
	return p, fail.Wrap(err, "update staff")
}
