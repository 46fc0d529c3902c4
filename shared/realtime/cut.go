package realtime

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/management"
	"fitkit/shared/postgres"
	"fitkit/shared/retry"
)

// cutAtOnce is how many connections one run cuts; the next run goes on.
const cutAtOnce = 500

const (
	sqlConnectionsToCut = `select org_id, id from app.connections_to_cut($1)`
	sqlForgetConnection = `delete from connections where org_id = $1 and id = $2`
	sqlDeleteOldTickets = `delete from socket_tickets where expires_at < now() - interval '1 hour'`
)

// Cutter ends connections of all studios that have no right to go on.
type Cutter struct {
	db *postgres.SystemDB
	to Poster
}

// NewCutter cuts by to.
func NewCutter(db *postgres.SystemDB, to Poster) *Cutter { return &Cutter{db, to} }

type ended struct {
	Org        id.Org
	Connection string
}

// Cut ends the connections that are over and answers how many there were. The row goes last: a connection that could not be
// cut is found again by the next run.
func (c *Cutter) Cut(ctx context.Context) (cut int64, err error) {
	var over []ended
	err = c.db.Across(ctx, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, sqlDeleteOldTickets); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlConnectionsToCut, cutAtOnce)
		if err != nil {
			return err
		}
		over, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
		return err
	})
	if err != nil {
		return 0, fail.Wrap(err, "find connections to cut")
	}
	var streak retry.Streak
	for _, e := range over {
		one := c.end(ctx, e)
		if one == nil {
			cut++
		}
		err = errors.Join(err, fail.Wrap(one, "cut connection %s", e.Connection))
		if streak.Down(errors.Is(one, management.ErrUnavailable)) {
			break
		}
	}
	return cut, err
}

func (c *Cutter) end(ctx context.Context, e ended) error {
	if err := c.to.Cut(ctx, e.Connection); err != nil && !errors.Is(err, management.ErrGone) {
		return err
	}
	return c.db.Across(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlForgetConnection, e.Org, e.Connection)
		return err
	})
}
