package upload

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/retry"
	"fitkit/shared/tenancy"
)

// A refused upload stays for an hour, longer than its address is good: a file sent again meanwhile is removed with it.
const (
	sqlOrgsToExpire = `
select distinct org_id from uploads
where state = 'pending' and expires_at <= now() or state = 'expired' and created_at <= now() - interval '1 hour'`
	sqlExpireUploads = `
with due as (
  select id from uploads where org_id = app.org() and
    (state = 'pending' and expires_at <= now() or state = 'expired' and created_at <= now() - interval '1 hour')
  order by id limit 500 for update skip locked
)
update uploads u set state = 'expired' from due where u.org_id = app.org() and u.id = due.id returning u.id, u.object_key`
	sqlDeleteUpload = `delete from uploads where org_id = app.org() and id = $1 and state = 'expired'`
)

// Expirer removes uploads that nobody completed, in every studio.
type Expirer struct {
	system *postgres.SystemDB
	db     *postgres.DB
	files  Files
}

// NewExpirer is an expirer. It finds studios as the system role and works in each as the app role.
func NewExpirer(system *postgres.SystemDB, db *postgres.DB, files Files) *Expirer {
	return &Expirer{system, db, files}
}

// Expire answers how many uploads it removed. A studio or a file that cannot be worked on does not stop the others; it is
// found again by the next run, because its row goes last. A store that is down ends the run.
func (x *Expirer) Expire(ctx context.Context) (removed int64, err error) {
	var orgs []id.Org
	err = x.system.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlOrgsToExpire)
		if err != nil {
			return err
		}
		orgs, err = pgx.CollectRows(rows, pgx.RowTo[id.Org])
		return err
	})
	if err != nil {
		return 0, fail.Wrap(err, "find uploads to expire")
	}
	var streak retry.Streak
	for _, org := range orgs {
		n, down, e := x.expireOrg(ctx, org, &streak)
		removed += n
		err = errors.Join(err, fail.Wrap(e, "expire uploads of %s", org))
		if down {
			break
		}
	}
	return removed, err
}

type expired struct {
	ID  id.Upload
	Key string
}

// expireOrg marks first, so that nobody can complete an upload whose file is being deleted. down says that the store is.
func (x *Expirer) expireOrg(ctx context.Context, org id.Org, streak *retry.Streak) (removed int64, down bool, err error) {
	caller := tenancy.ForOrg(org, "cron:org-expire-uploads")
	var due []expired
	err = x.db.InOrg(ctx, caller, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlExpireUploads)
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, pgx.RowToStructByPos[expired])
		return err
	})
	for _, e := range due {
		one := x.remove(ctx, caller, e)
		if one == nil {
			removed++
		}
		err = errors.Join(err, one)
		if streak.Down(errors.Is(one, blob.ErrUnavailable)) {
			return removed, true, err
		}
	}
	return removed, false, err
}

func (x *Expirer) remove(ctx context.Context, caller tenancy.Caller, e expired) error {
	key, err := blob.ParseKey(caller.Org, e.Key)
	if err != nil {
		return err
	}
	if err := x.files.Delete(ctx, key); err != nil {
		return err
	}
	return x.db.InOrg(ctx, caller, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlDeleteUpload, e.ID)
		return err
	})
}
