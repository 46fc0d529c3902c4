package rotation

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
)

const (
	columns    = `id, ring, target_key, state, started_by, started_at, finished_at, passes, resealed, unreadable`
	sqlRunning = `select ` + columns + ` from key_rotations where ring = $1 and state = 'running' for update`
	sqlLatest  = `select distinct on (ring) ` + columns + ` from key_rotations order by ring, started_at desc`
	// sqlSerialise lets one start of a ring at a time look and write; the index would refuse the second one anyway, with an error.
	sqlSerialise = `select pg_advisory_xact_lock(hashtext('key_rotations'), hashtext($1))`
	sqlInsert    = `insert into key_rotations (id, ring, target_key, started_by) values ($1, $2, $3, $4) returning ` + columns
	sqlSupersede = `update key_rotations set state = 'superseded', finished_at = now() where id = $1 and state = 'running'`
	sqlHasJob    = `select exists (select from jobs where org_id is null and queue = 'platform-reencrypt' and state = 'ready' and payload->>'rotation_id' = $1)`
)

// Start begins to seal the ring's values anew under its active key, or answers the rotation that does so already; if that
// one's job died, it gets another. by is who asked for it.
func (s *Store) Start(ctx context.Context, ring seal.RingName, by string) (r Rotation, err error) {
	err = s.db.Across(ctx, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, sqlSerialise, string(ring)); err != nil {
			return err
		}
		r, err = scan(tx.QueryRow(ctx, sqlRunning, string(ring)))
		switch {
		case err == nil && r.Target == s.rings[ring].ActiveKey():
			return s.wake(ctx, tx, r)
		case err == nil:
			if _, err := tx.Exec(ctx, sqlSupersede, r.ID); err != nil {
				return err
			}
		case !postgres.NoRows(err):
			return err
		}
		r, err = s.begin(ctx, tx, ring, by)
		return err
	})
	return r, fail.Wrap(err, "start the rotation of %s", ring)
}

func (s *Store) begin(ctx context.Context, tx postgres.Tx, ring seal.RingName, by string) (Rotation, error) {
	uses, err := s.usage(ctx, tx, ring)
	if err != nil {
		return Rotation{}, err
	}
	switch total, unknown := left(uses); {
	case unknown > 0:
		return Rotation{}, ErrKeyMissing
	case total == 0:
		return Rotation{}, ErrNothingToRotate
	}
	key := s.rings[ring].ActiveKey()
	r, err := scan(tx.QueryRow(ctx, sqlInsert, id.New[id.Rotation](), string(ring), key[:], by))
	if err != nil {
		return r, err
	}
	return r, enqueue(ctx, tx, Step{Rotation: r.ID, Chain: id.New[id.Event]()}, 0)
}

// wake gives a rotation whose chain of jobs broke a new one, from the beginning: what is sealed anew is passed over.
func (s *Store) wake(ctx context.Context, tx postgres.Tx, r Rotation) error {
	var has bool
	if err := tx.QueryRow(ctx, sqlHasJob, r.ID.String()).Scan(&has); err != nil || has {
		return err
	}
	return enqueue(ctx, tx, Step{Rotation: r.ID, Chain: id.New[id.Event]()}, 0)
}

// Latest is the newest rotation of each ring that ever had one.
func (s *Store) Latest(ctx context.Context) (list []Rotation, err error) {
	err = s.db.Across(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, sqlLatest)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Rotation, error) { return scan(row) })
		return err
	})
	return list, fail.Wrap(err, "read rotations")
}

func scan(row pgx.Row) (r Rotation, err error) {
	var key []byte
	err = row.Scan(&r.ID, &r.Ring, &key, &r.State, &r.StartedBy, &r.StartedAt, &r.FinishedAt, &r.Passes, &r.Resealed, &r.Unreadable)
	copy(r.Target[:], key)
	return r, err
}
