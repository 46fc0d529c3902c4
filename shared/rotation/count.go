package rotation

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
)

// NearLimit is when a key is near the number of values that random 96-bit nonces are safe for: NIST SP 800-38D allows
// 2^32 under one key.
const NearLimit = 1 << 30

// Use is how many values of a column are sealed under one key.
type Use struct {
	Column seal.Column
	Key    seal.KeyID
	Values int64
	Active bool // the key writes
	Held   bool // the key is in the ring
}

// KeyIDs are the ids of the keys that are deployed, the active one of each ring first.
func (s *Store) KeyIDs() map[seal.RingName][]seal.KeyID {
	ids := map[seal.RingName][]seal.KeyID{}
	for name, ring := range s.rings {
		ids[name] = ring.Keys()
	}
	return ids
}

// Usage counts the values of every sealed column by key. The envelope itself says the key, and a removed card has none.
func (s *Store) Usage(ctx context.Context) (uses []Use, err error) {
	err = s.db.Across(ctx, func(tx postgres.Tx) error {
		for _, ring := range seal.Rings() {
			of, err := s.usage(ctx, tx, ring)
			if err != nil {
				return err
			}
			uses = append(uses, of...)
		}
		return nil
	})
	return uses, fail.Wrap(err, "count sealed values")
}

func (s *Store) usage(ctx context.Context, tx postgres.Tx, name seal.RingName) (uses []Use, err error) {
	ring := s.rings[name]
	held := map[seal.KeyID]bool{}
	for _, key := range ring.Keys() {
		held[key] = true
	}
	for _, column := range seal.Columns(name) {
		rows, err := tx.Query(ctx, countStatement(column))
		if err != nil {
			return nil, err
		}
		var key []byte
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&key, &n}, func() error {
			u := Use{Column: column, Values: n}
			copy(u.Key[:], key)
			u.Active, u.Held = u.Key == ring.ActiveKey(), held[u.Key]
			uses = append(uses, u)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return uses, nil
}

// countStatement names tables and columns from seal's catalogue alone.
func countStatement(c seal.Column) string {
	return fmt.Sprintf(`select substring(%[2]s from 2 for 4) as key, count(*) from %[1]s where octet_length(%[2]s) > 0 group by 1 order by 1`, c.Table, c.Name)
}

// left is how many values are not under the active key, and how many of them under a key that the ring does not hold.
func left(uses []Use) (total, unknown int64) {
	for _, u := range uses {
		if !u.Active {
			total += u.Values
		}
		if !u.Held {
			unknown += u.Values
		}
	}
	return total, unknown
}

// Sums are how many values there are, how many of them the busiest key has sealed, over all columns, and how many need a key
// that is not deployed.
func Sums(uses []Use) (total, most, lost int64) {
	by := map[seal.KeyID]int64{}
	for _, u := range uses {
		total += u.Values
		by[u.Key] += u.Values
		most = max(most, by[u.Key])
		if !u.Held {
			lost += u.Values
		}
	}
	return total, most, lost
}
