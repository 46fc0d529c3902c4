package billing

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/postgres"
)

// collect reads rows into structs, column by column in order.
func collect[T any](ctx context.Context, tx postgres.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// collectOne reads the rows of a single column.
func collectOne[T any](ctx context.Context, tx postgres.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}

func itoa(n int) string { return strconv.Itoa(n) }
