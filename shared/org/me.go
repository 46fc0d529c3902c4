package org

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Me is who the caller is in the studio they act for.
type Me struct {
	tenancy.Entered
	Name, Email   string // as the studio knows them; may be empty
	OrgName       string
	OrgLanguage   string
	ChargesPaused bool // the studio's charges stand still, for instance because its terminal is misconfigured
}

const sqlMe = `
select o.name, o.language, o.charges_paused_at is not null,
  coalesce(case when current_setting('app.role') = 'member' then m.name else s.name end, ''),
  coalesce(case when current_setting('app.role') = 'member' then m.email else s.email end, '')
from orgs o
left join staff s on s.org_id = o.id and s.clerk_user_id = app.actor()
left join members m on m.org_id = o.id and m.clerk_user_id = app.actor()
where o.id = app.org()`

// Me tells the caller about themself.
func (s *Store) Me(ctx context.Context, c tenancy.Caller) (me Me, err error) {
	b := &postgres.Batch{}
	b.Queue(sqlMe).QueryRow(func(row pgx.Row) error {
		return row.Scan(&me.OrgName, &me.OrgLanguage, &me.ChargesPaused, &me.Name, &me.Email)
	})
	me.Entered, err = s.db.ReadInOrg(ctx, c, b)
	return me, fail.Wrap(err, "read the caller")
}
