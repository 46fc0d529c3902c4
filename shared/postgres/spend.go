package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/tenancy"
)

// ErrTooMany is the answer to a studio that asks for an expensive operation more often than its declaration allows.
var ErrTooMany = fail.New(fail.RateLimited, "request.too_many", "Your studio has asked for this too often in the last minute. Wait as long as Retry-After says, then send it again.",
	"הסטודיו ביקש פעולה זו פעמים רבות מדי בדקה האחרונה. המתינו כפי שמצוין ב-Retry-After ושלחו שוב.")

// sqlSpend counts a request in the operation's window, or begins the next window when the last one is over. Refused
// requests count too, so that asking without pause is refused without pause until the window ends.
const sqlSpend = `
insert into request_windows as w (org_id, operation, who, ends_at, requests)
values (app.org(), $1, case when current_setting('app.role', true) = 'member' then app.actor() else '' end, now() + interval '1 minute', 1)
on conflict (org_id, operation, who) do update set
  requests = case when w.ends_at > now() then w.requests + 1 else 1 end,
  ends_at = case when w.ends_at > now() then w.ends_at else excluded.ends_at end
returning requests, ceil(extract(epoch from ends_at - now()))::int`

// Spend takes one of the perMinute requests that the staff of c's studio together, or one of its members, may make of an
// operation in a minute, in however many processes, and refuses with ErrTooMany when none is left. The minute is the database's.
func (db *DB) Spend(ctx context.Context, c tenancy.Caller, operation string, perMinute int) error {
	var requests, seconds int
	b := &Batch{}
	b.Queue(sqlSpend, operation).QueryRow(func(row pgx.Row) error { return row.Scan(&requests, &seconds) })
	if _, err := db.WriteInOrg(ctx, c, b); err != nil {
		return err
	}
	if requests > perMinute {
		return ErrTooMany.After(time.Duration(seconds) * time.Second)
	}
	return nil
}
