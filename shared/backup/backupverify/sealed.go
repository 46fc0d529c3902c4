package backupverify

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/backup"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
)

// Rings are the key rings that are deployed, by name.
type Rings map[seal.RingName]*seal.Ring

// sample is how many sealed values of each column are opened.
const sample = 200

// open tries sealed values of the copy, of any organisation. It says how many opened, and blames those that did not.
func (d Database) open(ctx context.Context, rings Rings, r *backup.Report) error {
	return d.System.Across(ctx, func(tx postgres.Tx) error {
		for _, name := range seal.Rings() {
			for _, column := range seal.Columns(name) {
				opened, shut, err := try(ctx, tx, rings[name], column)
				if err != nil {
					return err
				}
				r.Opened[column.String()] = opened
				if shut > 0 {
					r.Findings = append(r.Findings, backup.Finding{Code: ValueUnreadable,
						Detail: fmt.Sprintf("%d of %d values of %s open under no key that is deployed.", shut, opened+shut, column)})
				}
			}
		}
		return nil
	})
}

func try(ctx context.Context, tx postgres.Tx, ring *seal.Ring, c seal.Column) (opened, shut int, err error) {
	rows, err := tx.Query(ctx, fmt.Sprintf("select org_id, %[1]s, %[2]s from %[3]s where octet_length(%[2]s) > 0 order by random() limit %[4]d", c.RowID, c.Name, c.Table, sample))
	if err != nil {
		return 0, 0, err
	}
	var org id.Org
	var row id.Of[struct{}]
	var envelope []byte
	_, err = pgx.ForEachRow(rows, []any{&org, &row, &envelope}, func() error {
		plain, err := ring.Open(envelope, c.At(org, row))
		clear(plain)
		if err != nil {
			shut++
		} else {
			opened++
		}
		return nil
	})
	return opened, shut, err
}
