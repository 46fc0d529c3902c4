package member

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Happening is one entry of a member's timeline.
type Happening struct {
	ID   id.Event
	At   time.Time // the studio's business time
	Kind string    // member.created, membership.sold …
	By   string    // member: they themself; staff; system
	Data json.RawMessage
}

// Moment is where a page of a timeline ended.
type Moment struct {
	At time.Time
	ID id.Event
}

const (
	sqlExists   = `select true from members where org_id = app.org() and id = $1`
	sqlTimeline = `
select e.id, e.at, e.kind, case when e.actor = m.clerk_user_id then 'member' when e.actor like 'user\_%' then 'staff' else 'system' end, e.data
from member_events e join members m on m.org_id = e.org_id and m.id = e.member_id
where e.org_id = app.org() and e.member_id = $1 and ($2::timestamptz is null or (e.at, e.id) < ($2, $3::uuid))
order by e.at desc, e.id desc limit $4`
)

// Timeline is what happened to a member, newest first; before is where the page before it ended, nil for the first.
// Members read their own.
func (s *Store) Timeline(ctx context.Context, c tenancy.Caller, member id.Member, before *Moment, limit int) (list []Happening, err error) {
	var at *time.Time
	var last id.Event
	if before != nil {
		at, last = &before.At, before.ID
	}
	there, b := false, &postgres.Batch{}
	b.Queue(sqlExists, member).QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
	b.Queue(sqlTimeline, member, at, last, limit).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Happening])
		return err
	})
	e, err := s.db.ReadInOrg(ctx, c, b)
	if postgres.NoRows(err) || err == nil && hidden(e, member) {
		return nil, ErrNotFound
	}
	return list, fail.Wrap(err, "read timeline")
}
