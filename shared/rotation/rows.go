package rotation

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
)

// row is a sealed value. Its row id may be of any kind.
type row struct {
	Org      id.Org
	Row      id.Of[struct{}]
	Envelope []byte
	Fresh    []byte
}

// lockStatement reads the next values that are not under the key ($1), after a row ($2, $3). A row that somebody is just
// writing is passed over and not waited for, so that a rotation can be in nobody's way and part of no deadlock.
func lockStatement(c seal.Column) string {
	return fmt.Sprintf(`
select org_id, %[3]s, %[2]s from %[1]s
where octet_length(%[2]s) > 0 and substring(%[2]s from 2 for 4) <> $1 and (org_id, %[3]s) > ($2::uuid, $3::uuid)
order by org_id, %[3]s limit $4 for no key update skip locked`, c.Table, c.Name, c.RowID)
}

// replaceStatement puts fresh envelopes in the place of the ones that were read. One that is no longer there stays away: the
// value that somebody wrote meanwhile is theirs.
func replaceStatement(c seal.Column) string {
	return fmt.Sprintf(`
update %[1]s t set %[2]s = n.fresh, key_id = $5
from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) n (org_id, row_id, envelope, fresh)
where t.org_id = n.org_id and t.%[3]s = n.row_id and t.%[2]s = n.envelope`, c.Table, c.Name, c.RowID)
}

// nowhere is before every row.
const nowhere = "00000000-0000-0000-0000-000000000000"

func lock(ctx context.Context, tx postgres.Tx, c seal.Column, key seal.KeyID, at cursor) ([]row, error) {
	org, after := at.Org, at.Row
	if org == "" {
		org, after = nowhere, nowhere
	}
	found, err := tx.Query(ctx, lockStatement(c), key[:], org, after, batchSize)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(r pgx.CollectableRow) (one row, err error) {
		return one, r.Scan(&one.Org, &one.Row, &one.Envelope)
	})
}

// reseal opens each value and seals it under the active key. One that does not open is told of, by its place alone, and left
// as it is.
func (s *Store) reseal(ctx context.Context, ring *seal.Ring, c seal.Column, rows []row) (fresh []row) {
	for _, r := range rows {
		plain, err := ring.Open(r.Envelope, c.At(r.Org, r.Row))
		if err != nil {
			obs.Add(ctx, "unreadable", fmt.Sprintf("%s of %s in %s", c, r.Row, r.Org))
			if errors.Is(err, seal.ErrUnknownKey) {
				obs.Add(ctx, "unknown_key", err.Error())
			}
			continue
		}
		r.Fresh = ring.Seal(plain, c.At(r.Org, r.Row))
		clear(plain)
		fresh = append(fresh, r)
	}
	return fresh
}

func replace(ctx context.Context, tx postgres.Tx, c seal.Column, key seal.KeyID, rows []row) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	var orgs, ids []string
	var old, fresh [][]byte
	for _, r := range rows {
		orgs, ids = append(orgs, r.Org.String()), append(ids, r.Row.String())
		old, fresh = append(old, r.Envelope), append(fresh, r.Fresh)
	}
	return tx.Exec(ctx, replaceStatement(c), orgs, ids, old, fresh, key[:])
}
