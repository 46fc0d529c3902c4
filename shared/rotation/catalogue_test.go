package rotation_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/seal"
)

// What the schema calls a sealed column, and whether its table has what seal.Column promises.
const sealedColumns = `
select c.table_name || '.' || c.column_name || ' by ' || coalesce((
  select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[1]
  where i.indrelid = c.table_name::regclass and i.indisprimary and i.indnkeyatts = 2), 'no row') ||
  case when exists (select from information_schema.columns k where k.table_name = c.table_name and k.column_name = 'key_id') then '' else ' without key_id' end
from information_schema.columns c where c.table_schema = 'public' and c.data_type = 'bytea' and c.column_name like '%\_ct'`

// TestNoSealedColumnIsLeftOut: a column that a migration adds and seal's catalogue does not name would keep the former key.
func TestNoSealedColumnIsLeftOut(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	conn, err := pgx.Connect(t.Context(), db.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	found := func() []string {
		rows, err := conn.Query(t.Context(), sealedColumns)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	want := map[string]bool{}
	for _, ring := range seal.Rings() {
		for _, c := range seal.Columns(ring) {
			want[c.String()+" by "+c.RowID] = true
		}
	}
	listed := slices.Sorted(maps.Keys(want))
	if got := slices.Sorted(slices.Values(found())); !slices.Equal(got, listed) {
		t.Errorf("the schema has %q, shared/seal/columns.go lists %q", got, listed)
	}
	db.Exec(t, "create table webhook_endpoints (org_id uuid, id uuid, secret_ct bytea not null, primary key (org_id, id))")
	if got := found(); !slices.Contains(got, "webhook_endpoints.secret_ct by id without key_id") {
		t.Errorf("a new sealed column is not noticed: %q", got)
	}
}
